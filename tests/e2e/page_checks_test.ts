/** Checks in the browser: run by clicking, seen as they go by somebody else, and remembered. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { assertAccessible, closeBrowser, dashboardOf, see, view } from "../browser.ts";
import { COMPONENT_YAML, deployment, documents, NAMESPACE, plumb, workspace } from "../plumb.ts";

Deno.test.afterAll(closeBrowser);

const IMAGE = `registry.example.com/app@sha256:${"0".repeat(64)}`;
const COMPONENT = (url: string) =>
  `${COMPONENT_YAML}  verify:
    checks:
      - { check: deployment }
      - { check: http, name: front page, url: "${url}" }
`;

/** A server whose answer waits until it is given. */
function startFrontPage() {
  let answer = Promise.withResolvers<number>();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async () => new Response("hello", { status: await answer.promise }),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    /** For who asks from now on. */
    hold: () => void (answer = Promise.withResolvers<number>()),
    give: (status: number) => answer.resolve(status),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** One check of the board, by its title, with what is said of it. */
const check = (page: Page, title: string, state: string | RegExp) =>
  page.getByRole("listitem").filter({ hasText: title }).filter({ hasText: state });

Deno.test("the board of checks fills in while others watch, and tells why one failed and how it went before", async () => {
  await using space = await workspace();
  await using front = startFrontPage();
  await space.write({
    "shop/component.yaml": COMPONENT(front.url),
    "shop/app.yaml": documents(NAMESPACE, deployment("web", { image: IMAGE })),
  });
  const { kubeconfig, name } = space;
  const deployed = await plumb(["reconcile", "--path", `${space.folder}/shop`], { kubeconfig });
  assert.equal(deployed.code, 0, deployed.output);
  await using dashboard = await dashboardOf(space);
  await using actor = await view(dashboard.actor);
  await using viewer = await view(`${dashboard.address}#/components/${name}/checks`);
  const { page } = actor;
  const board = viewer.page;
  const verify = async () => {
    await page.goto(`${dashboard.address}#/components/${name}`);
    await page.getByRole("button", { name: "Verify" }).click();
    await see(page, "2 checks. Whatever a check makes, it removes.");
    await see(page, /^HTTP \(front page\): The address answers/);
    await page.getByRole("button", { name: "Verify" }).waitFor();
    await page.getByRole("button", { name: "Verify" }).click();
  };

  await see(board, "Not run yet.");
  await check(board, "HTTP (front page)", "not run yet").waitFor();
  await assertAccessible(board);

  await verify();
  await check(board, "HTTP (front page)", "running").waitFor();
  await check(board, "Deployment", "passed").waitFor();
  await see(board, "They are being run now.");
  await check(page, "HTTP (front page)", "running").waitFor();
  await assertAccessible(page);
  await assertAccessible(board);
  front.give(503);
  const failed = check(board, "HTTP (front page)", "failed");
  await failed.waitFor();
  // What failed is open by itself; what passed is opened by a click.
  await failed.getByText("/ answers 503, not 200").waitFor();
  await failed.getByText("Probably: The server behind the ingress is away").waitFor();
  await failed.getByText(`curl -i ${front.url}`).waitFor();
  await failed.getByText(/^503 in/).waitFor();
  const passed = check(board, "Deployment", "passed");
  const evidence = passed.getByText("workloads ready");
  assert.ok(!await evidence.isVisible());
  await passed.getByText("Deployment", { exact: true }).click();
  await evidence.waitFor();
  await passed.getByText(/^A pass proves: /).waitFor();
  await see(page, "1 of 2 checks failed");
  await assertAccessible(page);
  await assertAccessible(board);

  front.hold();
  front.give(200);
  await verify();
  await check(board, "HTTP (front page)", "passed").waitFor();
  await check(board, "HTTP (front page)", "").getByRole("img", {
    name: "passed 1 of the last 2 times",
  })
    .waitFor();
  await see(board, "2 runs are kept.");
  await see(board, "2 checks passed");
  await assertAccessible(board);
  assert.deepEqual([...actor.complaints, ...viewer.complaints], []);
});
