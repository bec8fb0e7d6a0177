/** Logs in the dashboard, in Chromium, from a real cluster. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { logText } from "../../lib/sandbox/files.ts";
import { setLogs } from "../../lib/sandbox/mod.ts";
import { assertAccessible, behindLine, closeBrowser, dashboardOf, see, view } from "../browser.ts";
import { deployment, documents, NAMESPACE, plumb, workspace } from "../plumb.ts";

Deno.test.afterAll(closeBrowser);

const COMPONENT = `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: NAMESPACE }
spec: { namespace: NAMESPACE, policy: "off" }
`;
const FLOOD = 100_000;

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `line ${from + index} of the log`);

/** A log file on the cluster's node, and what writes to it. */
async function logOf(
  kubeconfig: string,
  namespace: string,
  lines: readonly string[],
  container = "app",
) {
  const folder = await Deno.makeTempDir({ prefix: "plumb-log-" });
  const labels = { app: "web" };
  await setLogs(kubeconfig, { namespace, labels, containers: [container], lines, folder });
  const files: string[] = [];
  for await (const { name } of Deno.readDir(folder)) files.push(`${folder}/${name}`);
  return {
    write: (more: readonly string[]) =>
      Promise.all(files.map((file) => Deno.writeTextFile(file, logText(more), { append: true }))),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Waits until the log has this last line, and so many lines in all. */
async function seeLog(page: Page, last: number, count: number): Promise<void> {
  await see(page, `line ${last} of the log`);
  await see(page, `${count.toLocaleString("en-US")} lines`);
}

Deno.test("a log is followed through a flood and a lost connection, and no line is missing or comes twice", async () => {
  await using space = await workspace();
  const { kubeconfig } = space;
  await space.write({
    "shop/component.yaml": COMPONENT,
    "shop/app.yaml": documents(NAMESPACE, deployment("web")),
  });
  const deployed = await plumb(["reconcile", "--path", `${space.folder}/shop`], { kubeconfig });
  assert.equal(deployed.code, 0, deployed.output);
  await using log = await logOf(kubeconfig, space.name, numbered(0, 500));
  await using dashboard = await dashboardOf(space);
  const { line, address } = behindLine(dashboard);
  await using _line = line;
  await using viewer = await view(`${address}#/components/${space.name}/logs`);
  const { page } = viewer;

  await seeLog(page, 499, 500);
  await log.write(numbered(500, FLOOD));
  await seeLog(page, FLOOD - 1, FLOOD);
  assert.ok(await page.locator(".line").count() < 200, "more lines are drawn than can be seen");

  await page.getByRole("searchbox").fill("LINE 4242 ");
  await see(page, `1 of ${FLOOD.toLocaleString("en-US")} lines`);
  await page.getByRole("searchbox").fill("");
  await seeLog(page, FLOOD - 1, FLOOD);
  await assertAccessible(page);

  // Who scrolls up reads on there while lines come.
  await page.getByRole("log").press("Home");
  await see(page, "line 0 of the log");
  await log.write(numbered(FLOOD, FLOOD + 10));
  await see(page, `${(FLOOD + 10).toLocaleString("en-US")} lines`);
  await see(page, "line 0 of the log");
  await page.getByRole("button", { name: "Follow" }).click();
  await seeLog(page, FLOOD + 9, FLOOD + 10);

  await page.getByRole("button", { name: "Pause" }).click();
  await see(page, "Paused; nothing is lost.");
  line.become("cut");
  await see(page, "Trying to reach the log again…");
  await log.write(numbered(FLOOD + 10, FLOOD + 60));
  line.become("good");
  await page.getByRole("button", { name: "Pause" }).click();
  await seeLog(page, FLOOD + 59, FLOOD + 60);

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download" }).click(),
  ]);
  const file = await Deno.readTextFile(await download.path());
  assert.deepEqual(
    file.trimEnd().split("\n").map((text) => /line \d+ of the log$/.exec(text)?.[0]),
    numbered(0, FLOOD + 60),
  );
});

Deno.test("the log of an init container is chosen among those of the pod, also after a reload", async () => {
  await using space = await workspace();
  const { kubeconfig, name } = space;
  const init = "      initContainers: [{ name: prepare, image: 'registry.example.com/app:1' }]\n";
  await space.write({
    "shop/component.yaml": COMPONENT,
    "shop/app.yaml": documents(NAMESPACE, deployment("web") + init),
  });
  const deployed = await plumb(["reconcile", "--path", `${space.folder}/shop`], { kubeconfig });
  assert.equal(deployed.code, 0, deployed.output);
  await using _log = await logOf(kubeconfig, name, ["the tables are made"], "prepare");
  await using dashboard = await dashboardOf(space);
  await using viewer = await view(`${dashboard.address}#/components/${name}`);
  const { page } = viewer;
  await page.getByRole("link", { name: /^Deployment/ }).click();
  await page.getByRole("link", { name: "Logs of its pods" }).click();
  const containers = page.getByLabel("Container");
  const prepare = containers.getByRole("option", { name: /^init: prepare – Completed/ });
  await prepare.waitFor({ state: "attached" });
  assert.match(await containers.locator("option:checked").innerText(), /^app – running/);
  await containers.selectOption(await prepare.getAttribute("value"));
  await see(page, "the tables are made");
  await see(page, "The log has ended.");
  await see(page, "1 line");
  await assertAccessible(page);
  await page.reload();
  await see(page, "the tables are made");
  await page.getByRole("button", { name: "Read it again" }).click();
  await see(page, "the tables are made");
  assert.deepEqual(viewer.complaints, []);
});
