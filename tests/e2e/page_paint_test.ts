/** When the dashboard's page is first to be seen, in Chromium. How long that takes is measured by `tests/bench/page.ts`. */
import assert from "node:assert/strict";
import { closeBrowser, dashboardOf, see, view } from "../browser.ts";
import { configMap, documents, NAMESPACE, workspace } from "../plumb.ts";

Deno.test.afterAll(closeBrowser);

/** Answers once something that can be read is painted. */
const PAINTED = `new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error("nothing is painted")), 60_000);
  new PerformanceObserver((list) => {
    if (list.getEntriesByName("first-contentful-paint").length > 0) resolve();
  }).observe({ type: "paint", buffered: true });
})`;
const BLOCKING = `performance.getEntriesByType("resource")
  .filter(({ renderBlockingStatus }) => renderBlockingStatus !== "non-blocking")
  .map(({ name }) => name)`;

Deno.test("the page is painted before anything but its document has come, and nothing holds that up", async () => {
  await using space = await workspace();
  await space.write({
    "shop/component.yaml": `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: NAMESPACE }
spec: { namespace: NAMESPACE, policy: "off" }
`,
    "shop/app.yaml": documents(NAMESPACE, configMap("settings")),
  });
  await using dashboard = await dashboardOf(space);
  await using viewer = await view("about:blank");
  const { page } = viewer;
  const goOn = Promise.withResolvers<void>();
  await page.route(/\/(assets|api)\//, async (route) => {
    await goOn.promise;
    await route.continue();
  });
  await page.goto(dashboard.address, { waitUntil: "commit" });
  await page.evaluate(PAINTED);
  await see(page, "Loading the components…");
  goOn.resolve();
  await see(page, "not deployed");
  assert.deepEqual(await page.evaluate(BLOCKING), []);
  assert.deepEqual(viewer.complaints, []);
});
