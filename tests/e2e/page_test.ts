/** The dashboard as people use it: in Chromium, by clicking, against a real cluster. */
import assert from "node:assert/strict";
import { FAIL_ANNOTATION } from "../../lib/sandbox/mod.ts";
import { assertAccessible, behindLine, closeBrowser, dashboardOf, see, view } from "../browser.ts";
import {
  CONFIG_MAPS,
  configMap,
  deployment,
  documents,
  NAMESPACE,
  plumb,
  type Workspace,
  workspace,
} from "../plumb.ts";
import { TestRepository } from "../unit/source/repository.ts";

Deno.test.afterAll(closeBrowser);

const COMPONENT = `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: NAMESPACE }
spec:
  namespace: NAMESPACE
  policy: "off"
  parameters:
    color: { type: string, description: Of the shop., default: blue }
    password: { type: string, description: Of its owner., secret: true }
  verify:
    checks:
      - check: deployment
`;
const IMAGE = `registry.example.com/app@sha256:${"0".repeat(64)}`;
const WEB = deployment("web", { image: IMAGE });
const ENVIRONMENT = { PLUMB_PARAMETER_PASSWORD: "of-the-test" };

/** A component in a folder of its own. */
async function writeShop(space: Workspace, ...manifests: readonly string[]): Promise<void> {
  await space.write({
    "shop/component.yaml": COMPONENT,
    "shop/app.yaml": documents(NAMESPACE, ...manifests),
  });
}

/** Deploys the component without the dashboard. */
async function deployShop({ folder, kubeconfig }: Workspace): Promise<void> {
  const settings = { kubeconfig, environment: ENVIRONMENT };
  const run = await plumb(["reconcile", "--path", `${folder}/shop`], settings);
  assert.equal(run.code, 0, run.output);
}

Deno.test("from nothing to deployed and verified by clicking, before the eyes of somebody else", async () => {
  await using space = await workspace();
  await writeShop(space, configMap("settings"), WEB);
  await using dashboard = await dashboardOf(space, {}, ENVIRONMENT);
  await using actor = await view(dashboard.actor);
  await using viewer = await view(dashboard.address);
  const { page } = actor;

  await see(page, "not deployed");
  await assertAccessible(page);
  await page.getByRole("link", { name: space.name }).click();
  await see(page, "3 objects, 3 other than Git says");
  await page.getByRole("button", { name: "Deploy" }).click();
  await see(page, "3 to create");
  await assertAccessible(page);

  // Somebody else sees the same, and why nothing is offered there.
  await viewer.page.getByRole("link", { name: space.name }).click();
  await see(viewer.page, "You may look, but not act.");
  await viewer.page.getByRole("link", { name: "See the plan" }).click();
  await see(viewer.page, "It waits for an operator to confirm it.");
  assert.equal(await viewer.page.getByRole("button", { name: "Deploy" }).count(), 0);

  await page.getByRole("button", { name: "Deploy" }).click();
  await page.reload();
  for (const each of [page, viewer.page]) await see(each, "1 check passed");
  await assertAccessible(page);
  await page.getByRole("link", { name: `Back to ${space.name}` }).click();
  await see(page, "3 objects, as Git says");
  await see(page, "in sync");

  // Every section, also by keyboard alone.
  await page.getByRole("link", { name: /^Namespace/ }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: `ConfigMap ${space.name}/settings` }).waitFor();
  await see(page, "app.yaml:5");
  await assertAccessible(page);
  await page.getByRole("button", { name: "List" }).click();
  await page.getByRole("columnheader", { name: "Owners" }).waitFor();
  await assertAccessible(page);
  await page.getByRole("link", { name: "Checks" }).click();
  await page.getByText("Deployment").first().click();
  await see(page, "workloads ready");
  await assertAccessible(page);
  await page.getByRole("link", { name: "Settings" }).click();
  await see(page, "secret, is given");
  assert.ok(!(await page.content()).includes("of-the-test"));
  await assertAccessible(page);
  await page.getByRole("link", { name: "History" }).click();
  await see(page, "What happened");
  await assertAccessible(page);
  assert.deepEqual([...actor.complaints, ...viewer.complaints], []);
});

Deno.test("drift appears by itself, also what came while the connection was lost", async () => {
  await using space = await workspace();
  await writeShop(space, configMap("settings"));
  await deployShop(space);
  await using dashboard = await dashboardOf(space, {}, ENVIRONMENT);
  const { line, actor } = behindLine(dashboard);
  await using _line = line;
  await using viewer = await view(actor);
  const { page } = viewer;
  const edit = (value: string) =>
    space.cluster.patch(
      CONFIG_MAPS,
      { namespace: space.name, name: "settings" },
      { data: { key: value } },
      "merge",
      "kubectl-edit",
    );
  await see(page, "in sync");
  await page.getByRole("link", { name: space.name }).click();
  await see(page, "2 objects, as Git says");
  await edit("by-hand");
  await see(page, "2 objects, 1 other than Git says");
  await page.getByRole("link", { name: /^ConfigMap .*drifted/ }).click();
  await page.getByRole("cell", { name: "by-hand" }).waitFor();
  await see(page, "kubectl-edit");
  await page.getByRole("button", { name: "Inline" }).click();
  await see(page, "in the cluster: by-hand");
  await assertAccessible(page);

  line.become("cut");
  await see(page, "The connection is lost.");
  await assertAccessible(page);
  await edit("again-by-hand");
  line.become("good");
  await see(page, "again-by-hand");
  await page.getByText("The connection is lost.").waitFor({ state: "hidden" });
});

Deno.test("a deploy that fails says why, and is undone before the viewer's eyes", async () => {
  await using space = await workspace();
  await using repository = await TestRepository.create();
  const commit = async (message: string, ...manifests: string[]) => {
    await writeShop(space, ...manifests);
    for (const file of ["component.yaml", "app.yaml"]) {
      const text = await Deno.readTextFile(`${space.folder}/shop/${file}`);
      await repository.write(`manifests/shop/${file}`, text);
    }
    await repository.commit(message);
  };
  await commit("Open the shop", configMap("settings"), WEB);
  const options = { source: repository.work, ref: "main", path: "manifests" };
  await using dashboard = await dashboardOf(space, options, ENVIRONMENT);
  await using viewer = await view(dashboard.actor);
  const { page } = viewer;
  const deploy = async () => {
    await page.getByRole("button", { name: "Deploy" }).click();
    await see(page, "waits to be confirmed");
    await page.getByRole("button", { name: "Deploy" }).click();
  };
  await page.getByRole("link", { name: space.name }).click();
  await deploy();
  await see(page, "1 check passed");
  await commit(
    "Break the shop",
    configMap("settings"),
    deployment("web", { image: IMAGE, template: `${FAIL_ANNOTATION}: image-pull` }),
  );
  await page.getByRole("link", { name: `Back to ${space.name}` }).click();
  await see(page, "behind Git");
  await deploy();
  await see(page, /can't pull image/);
  await see(page, "event: Failed: Failed to pull image: not found");
  await see(page, /is undone: the cluster is back at/);
  await assertAccessible(page);
  await page.getByRole("link", { name: `Back to ${space.name}` }).click();
  await see(page, "healthy");
});
