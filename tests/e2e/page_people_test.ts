/** Several people at one dashboard, as the proxy in front names them: who may what, and who is at it. */
import assert from "node:assert/strict";
import { FAIL_ANNOTATION } from "../../lib/sandbox/mod.ts";
import { assertAccessible, closeBrowser, dashboardOf, see, view, type Viewer } from "../browser.ts";
import { deployment, documents, NAMESPACE, workspace } from "../plumb.ts";

Deno.test.afterAll(closeBrowser);

const COMPONENT = `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: NAMESPACE }
spec: { namespace: NAMESPACE, policy: "off", manifests: ["app.yaml"] }
`;

/** Somebody who has signed in at the proxy. */
const come = (address: string, name: string, group: string): Promise<Viewer> =>
  view(address, {
    extraHTTPHeaders: { "x-auth-request-user": name, "x-auth-request-groups": group },
  });

Deno.test("who is at work is told to all, any operator stops it, and who only looks is offered nothing", async () => {
  await using space = await workspace();
  const { name } = space;
  const never = deployment("web", { template: `${FAIL_ANNOTATION}: never-ready` });
  await space.write({
    "shop/component.yaml": COMPONENT,
    "shop/app.yaml": documents(NAMESPACE, never),
  });
  const groups = { viewers: ["people"], operators: ["admins"] };
  await using dashboard = await dashboardOf(space, { proxies: ["127.0.0.1/32"], ...groups });
  const { address } = dashboard;
  await using ada = await come(address, "ada", "admins");
  await using ben = await come(address, "ben", "admins");
  await using eve = await come(address, "eve", "people");
  await using mallory = await come(address, "mallory", "strangers");

  await see(mallory.page, "This is not open to you");
  await see(mallory.page, "mallory is in no group that may look");
  await see(mallory.page, "Ask to be put into one of: people, admins.");
  assert.equal(await mallory.page.getByText(name).count(), 0);
  await assertAccessible(mallory.page);

  await ada.page.getByRole("link", { name }).click();
  await ada.page.getByRole("button", { name: "Deploy" }).click();
  await see(ada.page, "2 to create");
  await ada.page.getByRole("button", { name: "Deploy" }).click();
  await see(ada.page, "Waiting for");

  await see(ben.page, "asked for by ada");
  await see(ben.page, "A run is making it as Git says.");
  await assertAccessible(ben.page);
  await ben.page.getByRole("link", { name }).click();
  await ben.page.getByRole("button", { name: "Deploy" }).click();
  await see(ben.page, `ada is at work on ${name}: deploy`);
  await assertAccessible(ben.page);

  const offered = eve.page.getByRole("button").filter({ hasNotText: /^(Graph|List)$/ });
  await eve.page.getByRole("link", { name }).click();
  await see(eve.page, "You may look, but not act. Ask to be put into a group of operators.");
  await see(eve.page, "2 objects");
  assert.deepEqual(await offered.allInnerTexts(), []);
  await assertAccessible(eve.page);
  await eve.page.getByRole("link", { name: "Watch it" }).click();
  await see(eve.page, "Waiting for");
  assert.deepEqual(await offered.allInnerTexts(), []);
  await assertAccessible(eve.page);

  await ben.page.getByRole("link", { name: "Watch it" }).click();
  await see(ben.page, "Waiting for");
  await assertAccessible(ben.page);
  await ben.page.getByRole("button", { name: "Stop" }).click();
  for (const { page } of [ada, ben, eve]) {
    await see(page, "ben has cancelled it. What was done is recorded");
  }
  await assertAccessible(ada.page);
  await ada.page.getByRole("link", { name: `Back to ${name}` }).click();
  await see(ada.page, "The last run did not finish");
  assert.equal(await ada.page.getByText("at work").count(), 0);
  assert.deepEqual([...ada.complaints, ...eve.complaints], []);
});

Deno.test("another site may open the dashboard, but has no hold on its window", async () => {
  await using space = await workspace();
  await space.write({
    "shop/component.yaml": COMPONENT,
    "shop/app.yaml": documents(NAMESPACE, deployment("web")),
  });
  await using dashboard = await dashboardOf(space);
  const type = { "content-type": "text/html" };
  await using other = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("<!doctype html><title>Other</title><p>Another site</p>", { headers: type }),
  );
  await using mallory = await view(`http://localhost:${other.addr.port}/`);
  const opened = mallory.page.waitForEvent("popup");
  await mallory.page.evaluate(`globalThis.hold = open(${JSON.stringify(dashboard.address)})`);
  await see(await opened, space.name);
  assert.equal(await mallory.page.evaluate("hold.closed"), true);
});
