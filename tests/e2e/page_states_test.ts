/** What the page shows where there is nothing, where something is wrong, and of what a component is given. */
import assert from "node:assert/strict";
import { dump, load } from "js-yaml";
import { openRelay } from "../contract/servers/relay.ts";
import { assertAccessible, closeBrowser, dashboardOf, see, view } from "../browser.ts";
import { COMPONENT_YAML, deployment, documents, JOBS, NAMESPACE, workspace } from "../plumb.ts";

Deno.test.afterAll(closeBrowser);

const HEAD = COMPONENT_YAML;
const GIVEN = `  parameters:
    color: { type: string, description: Of the shop., default: blue }
    owner: { type: string, description: Of the shop., required: true }
    password: { type: string, description: Of its owner., secret: true }
    place: { type: string, description: Where it is., required: false }
  requires:
    - { name: Database, service: NAMESPACE/database, port: 5432, version: ">=18" }
`;
const SECRET = `apiVersion: v1
kind: Secret
metadata: { name: keys }
stringData: { password: "\${password}" }
`;
const CRON_JOBS = { ...JOBS, kind: "CronJob", plural: "cronjobs" };
const PASSWORD = "pass-of-the-test";

Deno.test("without anything to show, the page says what to do, and shows it as soon as it is there", async () => {
  await using space = await workspace();
  const { name } = space;
  await space.write({});
  await using dashboard = await dashboardOf(space);
  await using viewer = await view(dashboard.actor);
  const { page } = viewer;
  await see(page, `There is no component in ${space.folder}.`);
  await see(page, "A component is a folder with YAML files.");
  await assertAccessible(page);
  for (
    const [address, says] of [
      ["components/none", "There is no component none"],
      ["runs/none", "There is no such run"],
      ["components/none/nowhere", "There is no such view."],
    ]
  ) {
    await page.goto(`${dashboard.address}#/${address}`);
    await see(page, says ?? "");
    await assertAccessible(page);
    await page.getByRole("link", { name: "All components" }).click();
  }

  await space.write({
    [`${name}/component.yaml`]: HEAD,
    [`${name}/app.yaml`]: documents(NAMESPACE),
  });
  await page.getByRole("link", { name }).click();
  for (
    const [section, says] of [
      ["Checks", "This component has no check."],
      ["Logs", "There is no pod."],
      ["Settings", "It needs nothing but the cluster."],
      ["History", "Nothing was done yet."],
    ]
  ) {
    await page.getByRole("link", { name: section ?? "" }).click();
    await see(page, says ?? "");
    await assertAccessible(page);
  }

  // What can't be read says where and why, and nothing is offered that can't be done.
  await space.write({
    [`${name}/component.yaml`]: HEAD.replace('"off"', "perhaps"),
    [`${name}/app.yaml`]: documents(NAMESPACE),
  });
  await page.reload();
  await see(page, /component\.yaml:7/);
  await assertAccessible(page);
  assert.equal(await page.getByRole("button", { name: "Deploy" }).count(), 0);
  await page.getByRole("link", { name: "Plumb" }).click();
  await see(page, /component\.yaml:7/);
  await assertAccessible(page);
});

Deno.test("prerequisites, parameters and the next run are shown, and secrets are not", async () => {
  await using space = await workspace();
  const { name, cluster } = space;
  await space.write({
    "shop/component.yaml": HEAD + GIVEN,
    "shop/app.yaml": documents(NAMESPACE, SECRET),
  });
  const template = {
    spec: {
      restartPolicy: "Never",
      containers: [{ name: "plumb", image: "plumb:1", command: ["reconcile"], args: [name] }],
    },
  };
  await cluster.create(CRON_JOBS, {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name, namespace: "plumb-system" },
    spec: { schedule: "30 4 1 1 *", jobTemplate: { spec: { template } } },
  });
  await using stack = new AsyncDisposableStack();
  stack.defer(async () =>
    void await cluster.delete(CRON_JOBS, { namespace: "plumb-system", name })
  );
  const environment = { PLUMB_PARAMETER_PASSWORD: PASSWORD };
  {
    await using dashboard = await dashboardOf(space, {}, environment);
    await using viewer = await view(`${dashboard.address}#/components/${name}/settings`);
    const { page } = viewer;
    await see(page, "No value is given for the parameter owner");
    await see(page, "missing");
    await see(page, "PLUMB_PARAMETER_OWNER");
    await assertAccessible(page);
  }
  await using dashboard = await dashboardOf(space, { set: ["owner=ann"] }, environment);
  await using viewer = await view(dashboard.address);
  const { page } = viewer;
  await see(page, /^in \d+ days$/);
  await see(page, "Next run");
  await assertAccessible(page);
  await page.getByRole("link", { name }).click();
  await page.getByRole("link", { name: "Settings" }).click();
  const row = (text: string) => page.getByRole("row").filter({ hasText: text });
  await row("owner").getByText("ann").waitFor();
  await row("color").getByText("blue by default").waitFor();
  await row("password").getByText("secret, is given").waitFor();
  await row("place").getByText("none").waitFor();
  const database = page.getByRole("listitem").filter({ hasText: "Database" });
  await database.getByText("missing").waitFor();
  await database.getByText("does not exist").waitFor();
  await database.getByText("version >=18").waitFor();
  await assertAccessible(page);
  await page.getByRole("link", { name: "Objects" }).click();
  await page.getByRole("link", { name: /^Secret/ }).click();
  await page.getByText("The whole object").click();
  await see(page, "kind: Secret");
  await assertAccessible(page);
  assert.ok(!(await page.content()).includes(PASSWORD), "the secret shows");
});

Deno.test("a cluster that is away is said to be away, and comes back by itself", async () => {
  await using space = await workspace();
  await space.write({
    "shop/component.yaml": HEAD,
    "shop/app.yaml": documents(NAMESPACE, deployment("web")),
  });
  const config = load(await Deno.readTextFile(space.kubeconfig)) as {
    clusters: { cluster: { server: string } }[];
  };
  const [entry] = config.clusters;
  assert.ok(entry);
  await using line = openRelay(Number(new URL(entry.cluster.server).port));
  entry.cluster.server = `https://127.0.0.1:${line.port}`;
  const kubeconfig = await Deno.makeTempFile({ suffix: ".yaml" });
  await Deno.writeTextFile(kubeconfig, dump(config));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(kubeconfig));
  await using dashboard = await dashboardOf({ ...space, kubeconfig });
  await using viewer = await view(dashboard.actor);
  const { page } = viewer;
  await see(page, "not deployed");
  line.become("cut");
  const away = page.getByRole("alert").filter({ hasText: "cluster" }).first();
  await away.waitFor();
  await assertAccessible(page);
  await page.getByRole("link", { name: space.name }).click();
  await away.waitFor();
  await see(page, "Its objects are not known.");
  await assertAccessible(page);
  line.become("good");
  await see(page, "not deployed");
  await away.waitFor({ state: "detached" });
});
