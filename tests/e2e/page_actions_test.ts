/** What an operator does beside deploying: compare, suspend, resume, roll back, by clicking and by keyboard alone. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { assertAccessible, closeBrowser, dashboardOf, hear, see, view } from "../browser.ts";
import {
  CONFIG_MAPS,
  configMap,
  deployment,
  documents,
  NAMESPACE,
  plumb,
  SECRETS,
  workspace,
} from "../plumb.ts";
import { startRecorder } from "../recorder.ts";

Deno.test.afterAll(closeBrowser);

const COMPONENT = `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: NAMESPACE }
spec: { namespace: NAMESPACE, policy: "off", manifests: ["app.yaml"] }
`;
const KEYS = `apiVersion: plumb.thinkube.io/v1alpha1
kind: GeneratedSecret
metadata: { name: keys }
spec: { generate: { SESSION: { length: 40 } } }
`;

type KeyData = Readonly<Record<string, string>>;

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

/** What has the focus, as a person would name it. */
const focused = (page: Page) =>
  page.evaluate(`(() => {
    const { activeElement: element } = document;
    const place = element.closest("dialog") === null ? "page" : "dialog";
    return place + ": " + (element.getAttribute("name") ?? element.textContent.trim());
  })()`) as Promise<string>;

/** Opens a form by keyboard and sees that the focus stays in it until it is left, and is then where it was. */
async function leaveByKeyboard(page: Page, action: string, leave: () => Promise<void>) {
  await button(page, action).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: new RegExp(`^${action}`) }).waitFor();
  for (let presses = 0; presses < 8; presses++) {
    await page.keyboard.press("Tab");
    const place = await focused(page);
    // Past its last field the browser's own bar comes, for which the document's body stands.
    assert.ok(
      place.startsWith("dialog") || await page.evaluate(`document.activeElement === document.body`),
      place,
    );
  }
  await leave();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(await focused(page), `page: ${action}`);
}

Deno.test("a component is compared, suspended, resumed and rolled back by clicking", async (test) => {
  await using space = await workspace();
  await space.write({
    "shop/component.yaml": COMPONENT,
    "shop/app.yaml": documents(NAMESPACE, configMap("settings"), KEYS, deployment("web")),
  });
  const { kubeconfig, name } = space;
  const deployed = await plumb(["reconcile", "--path", `${space.folder}/shop`], { kubeconfig });
  assert.equal(deployed.code, 0, deployed.output);
  await using dashboard = await dashboardOf(space);
  await using actor = await view(dashboard.actor);
  const { page } = actor;
  const back = async () => {
    await page.getByRole("link", { name: `Back to ${name}` }).click();
    // Who has followed a link reads on at the new view's beginning.
    await page.locator("#content:focus").waitFor();
  };
  await page.getByRole("link", { name }).click();
  await see(page, "4 objects, as Git says");

  await test.step("Diff finds what somebody has changed, and changes nothing", async () => {
    await button(page, "Diff").click();
    await see(page, "in sync");
    await hear(page, "Diff: in sync");
    await assertAccessible(page);
    await back();
    const settings = { namespace: name, name: "settings" };
    const byHand = { data: { key: "by-hand" } };
    await space.cluster.patch(CONFIG_MAPS, settings, byHand, "merge", "kubectl-edit");
    await see(page, "1 object drifted");
    await button(page, "Diff").click();
    await see(page, "1 to update");
    await see(page, "kubectl-edit");
    await button(page, "Side by side").click();
    await page.getByRole("columnheader", { name: "In the cluster" }).waitFor();
    await page.getByRole("cell", { name: "by-hand" }).waitFor();
    await button(page, "Inline").click();
    await see(page, "in Git: one");
    assert.equal(await page.getByRole("columnheader").count(), 0);
    assert.equal(await button(page, "Deploy").count(), 0);
    await assertAccessible(page);
    assert.deepEqual((await space.get(CONFIG_MAPS, "settings"))?.["data"], byHand.data);
    await back();
  });

  await test.step("an object is opened and closed by keyboard, in the graph and in the list", async () => {
    const near = () => page.evaluate("document.activeElement.dataset.key");
    for (const look of ["Graph", "List"]) {
      await button(page, look).click();
      const object = page.getByRole("link", { name: /ConfigMap/ });
      const key = await object.getAttribute("data-key");
      await object.focus();
      await page.keyboard.press("Enter");
      await page.locator("h2:focus").filter({ hasText: "ConfigMap" }).waitFor();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.getByRole("complementary").waitFor({ state: "detached" });
      assert.equal(await near(), key);
    }
  });

  await test.step("Suspend asks for a reason, by keyboard alone", async () => {
    await button(page, "Suspend").waitFor();
    await leaveByKeyboard(page, "Suspend", () => page.keyboard.press("Escape"));
    await leaveByKeyboard(page, "Suspend", async () => {
      await button(page, "Cancel").focus();
      await page.keyboard.press("Enter");
    });
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    assert.equal(await focused(page), "dialog: reason");
    await assertAccessible(page);
    await page.keyboard.press("Enter");
    assert.equal(await page.getByRole("dialog").count(), 1, "a suspension needs a reason");
    await page.keyboard.type("moving the storage");
    await page.keyboard.press("Tab");
    await page.keyboard.type("in an hour");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await see(page, `Suspend ${name}: moving the storage.`);
    await see(page, /^No run writes to it until it is resumed, or until .+ UTC\.$/);
    await hear(page, "Suspend: waits to be confirmed");
    await assertAccessible(page);
    await button(page, "Suspend").focus();
    await page.keyboard.press("Enter");
    await hear(page, "Suspend: suspended");
    await assertAccessible(page);
    await page.getByRole("link", { name: "Plumb" }).click();
    await see(page, /\(ada@.*: moving the storage \(ends in/);
    await assertAccessible(page);
  });

  await test.step("Resume lets runs change it again, which is not offered before", async () => {
    await page.getByRole("link", { name }).click();
    await page.getByText("Why not").click();
    await see(page, "It is suspended already.");
    await see(page, "It is suspended: nothing is written until it is resumed.");
    assert.equal(await button(page, "Deploy").count(), 0);
    await assertAccessible(page);
    await button(page, "Resume").click();
    await see(page, "The next run writes to it again.");
    await button(page, "Resume").click();
    await hear(page, "Resume: resumed");
    await see(page, /is no longer suspended; it was by .+: moving the storage/);
    await back();
    await button(page, "Suspend").waitFor();
    assert.equal(await page.getByText("moving the storage").count(), 0);
  });

  await test.step("a deploy that meets a suspension of somebody else says whose it is", async () => {
    await button(page, "Deploy").click();
    await see(page, "1 object changes.");
    await see(page, /It should take about .+, as the last run did\./);
    const suspend = ["suspend", name, "--reason", "a look at the disks"];
    const suspended = await plumb(suspend, { kubeconfig, environment: { USER: "ann" } });
    assert.equal(suspended.code, 0, suspended.output);
    await button(page, "Deploy").click();
    await hear(page, "Deploy: suspended");
    await see(page, /is suspended until somebody resumes it; by .*\(ann@.+: a look at the disks/);
    await assertAccessible(page);
    assert.equal((await plumb(["resume", name], { kubeconfig })).code, 0);
    await back();
  });

  await test.step("Rollback tells what becomes of the data, and wants the name where it is lost", async () => {
    await button(page, "Suspend").waitFor();
    await button(page, "Rollback").click();
    await page.getByRole("dialog", { name: `Rollback ${name}` }).waitFor();
    await assertAccessible(page);
    await button(page, "Show the plan").click();
    await see(page, /keep its data for the next deploy/);
    await see(page, /Secret.*keys/);
    await assertAccessible(page);
    await button(page, "Don't").click();
    await hear(page, "Rollback: cancelled");
    await assertAccessible(page);
    await back();

    const session = async () =>
      ((await space.get(SECRETS, "keys"))?.["data"] as KeyData | undefined)?.["SESSION"];
    const before = await session();
    await button(page, "Rollback").click();
    await button(page, "Show the plan").click();
    await button(page, "Rollback").click();
    await hear(page, "Rollback: rolled back");
    await see(page, "its data is kept for the next deploy");
    await assertAccessible(page);
    await back();
    await see(page, "not deployed");
    assert.equal(await session(), undefined);
    await button(page, "Deploy").click();
    await see(page, "4 to create");
    await button(page, "Deploy").click();
    await hear(page, "Deploy: applied");
    assert.equal(await session(), before);
    await back();

    await leaveByKeyboard(page, "Rollback", () => page.keyboard.press("Escape"));
    await page.keyboard.press("Enter");
    await page.getByRole("radio", { name: /^Delete them, too/ }).check();
    await button(page, "Show the plan").click();
    await see(page, "Data will be lost.");
    await see(page, /lost: goes for good/);
    await assertAccessible(page);
    assert.ok(await button(page, "Rollback").isDisabled());
    await page.getByRole("textbox").fill(name.slice(0, -1));
    assert.ok(await button(page, "Rollback").isDisabled());
    assert.ok(await space.get(SECRETS, "keys"));
    await page.getByRole("textbox").fill(name);
    await button(page, "Rollback").click();
    await hear(page, "Rollback: rolled back");
    await assertAccessible(page);
    await back();
    await see(page, "not deployed");
    assert.equal(await space.get(SECRETS, "keys"), undefined);
  });

  await test.step("the history has all of it, with who did it", async () => {
    await page.getByRole("link", { name: "History" }).click();
    for (const action of ["Rollback", "Resume", "Suspend"]) {
      await page.getByRole("listitem").filter({ hasText: action }).filter({ hasText: "ada@" })
        .first().waitFor();
    }
    await assertAccessible(page);
    assert.deepEqual(actor.complaints, []);
  });
});

Deno.test("a plan that takes long is stopped, and nothing was changed", async () => {
  await using space = await workspace();
  await space.write({
    "shop/component.yaml": COMPONENT,
    "shop/app.yaml": documents(NAMESPACE, configMap("settings")),
  });
  const { folder, name } = space;
  const mayGoOn = Promise.withResolvers<void>();
  let isHeld = false;
  await using recorder = await startRecorder(space.kubeconfig, async () => {
    if (isHeld) await mayGoOn.promise;
  });
  await using dashboard = await dashboardOf({ folder, name, kubeconfig: recorder.kubeconfig });
  await using actor = await view(dashboard.actor);
  const { page } = actor;
  await page.getByRole("link", { name }).click();
  await button(page, "Deploy").waitFor();
  isHeld = true;
  await button(page, "Deploy").click();
  await hear(page, "Deploy: planning");
  await assertAccessible(page);
  await button(page, "Stop planning").click();
  await hear(page, "Deploy: cancelled");
  await assertAccessible(page);
  mayGoOn.resolve();
  assert.equal(await space.get(CONFIG_MAPS, "settings"), undefined);
  assert.deepEqual(actor.complaints, []);
});
