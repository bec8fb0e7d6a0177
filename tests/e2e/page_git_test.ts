/** What leads back to Git or to an older revision of it, by clicking: a proposal at GitHub, and an undo by hand. */
import assert from "node:assert/strict";
import { assertAccessible, closeBrowser, dashboardOf, hear, see, view } from "../browser.ts";
import { CONFIG_MAPS, DEPLOYMENTS } from "../plumb.ts";
import { testCluster } from "../sandbox.ts";
import { edit, FILE, inWorld, MANIFEST, options } from "./proposing.ts";

Deno.test.afterAll(closeBrowser);

Deno.test(
  "a repair by hand is proposed by clicking, and a revision that turned out badly is undone",
  options,
  () =>
    inWorld(async ({ namespace, github, cluster, run, file }) => {
      const { kubeconfig } = await testCluster();
      assert.equal((await run()).code, 0);
      const web = { namespace, name: "web" };
      const space = { folder: "manifests", name: namespace, kubeconfig };
      const repository = `${github.owner}/${github.name}`;
      const source = { source: github.repository, ref: "main", repository };
      const credentials = { GITHUB_TOKEN: github.token, GITHUB_API_URL: github.url };
      await using dashboard = await dashboardOf(space, source, credentials);
      await using viewer = await view(dashboard.actor);
      const { page } = viewer;
      const click = (name: string) => page.getByRole("button", { name, exact: true }).click();
      const back = () => page.getByRole("link", { name: `Back to ${namespace}` }).click();
      await page.getByRole("link", { name: namespace }).click();
      await see(page, "in sync");

      await edit(cluster, web, { "/spec/replicas": 3 });
      await see(page, "1 object drifted");
      await see(page, "Deploy to heal it, or propose it to Git.");
      await click("Propose");
      await see(page, "The cluster is not written.");
      await page.getByText("spec.replicas").first().waitFor();
      await assertAccessible(page);
      assert.equal(github.pulls().length, 0);
      await click("Propose");
      const pull = page.getByRole("link", { name: "See pull request 1" });
      await pull.waitFor();
      await see(page, "Pull request 1 opened with 1 change.");
      assert.match(await pull.getAttribute("href") ?? "", /\/pull\/1$/);
      assert.match(await file(), /replicas: 3 # enough/);
      await assertAccessible(page);
      await back();
      await see(page, "drifted");

      const ada = { name: "Ada", email: "ada@example.com" };
      await github.commit("main", { [FILE]: MANIFEST.replace("motd: hello", "motd: bye") }, ada);
      assert.equal((await run()).code, 0);
      await see(page, "in sync");
      await click("Undo");
      await see(page, "Go back to the revision that was good before.");
      await page.getByText("data.motd").first().waitFor();
      await assertAccessible(page);
      await click("Undo");
      await hear(page, "Undo: undone");
      await assertAccessible(page);
      assert.deepEqual((await cluster.get(CONFIG_MAPS, web))?.["data"], { motd: "hello" });
      assert.ok(await cluster.get(DEPLOYMENTS, web));
      await back();
      await see(page, "behind Git");
      await page.getByRole("link", { name: "History" }).click();
      await page.getByRole("listitem").filter({ hasText: "Undo" }).first().waitFor();
      assert.deepEqual(viewer.complaints, []);
    }),
);
