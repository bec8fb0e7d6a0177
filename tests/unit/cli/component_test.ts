import assert from "node:assert/strict";
import { join } from "node:path";
import { componentList, componentShow } from "../../../lib/cli/component.ts";

/** A folder with two components, one without component.yaml. */
async function withComponents(run: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(root, "app"));
    await Deno.mkdir(join(root, "plain"));
    await Deno.writeTextFile(join(root, "README.md"), "no component\n");
    await Deno.writeTextFile(join(root, "plain", "a.yaml"), "a: 1\n");
    await Deno.writeTextFile(join(root, "app", "a.yaml"), "a: 1\n");
    await Deno.writeTextFile(
      join(root, "app", "component.yaml"),
      `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: app }
spec:
  namespace: apps
  description: An application | with a bar
  parameters:
    domain: { type: hostname, description: The domain }
    size: { type: enum, values: [s, l], default: s, description: The size }
    password: { type: string, secret: true, required: false, description: A word }
  requires:
    - { name: postgresql, service: postgres/db, port: 5432, version: ">=18" }
  fields:
    - { paths: [spec.replicas], objects: { kind: Deployment }, action: propose }
    - { managers: ["tuner-*", kubectl], action: ignore }
  retain:
    outside: [{ what: Its database, where: Service postgres/db, back: It is opened again. }]
`,
    );
    await run(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("The list has one line for each component", async () => {
  await withComponents(async (root) => {
    assert.equal(
      await componentList({ root, output: "text" }),
      `NAME   NAMESPACE  FILES  DESCRIPTION
app    apps       1      An application | with a bar
plain  default    1
`,
    );
    const narrow = await componentList({ root, output: "text", columns: 30 });
    assert(narrow.split("\n").every((line) => line.length <= 30), narrow);
    assert.match(
      await componentList({ root, output: "markdown" }),
      /\| app \| apps \| 1 \| .* \\\| /,
    );
    const json = JSON.parse(await componentList({ root, output: "json" }));
    assert.deepEqual(json[1], { name: "plain", namespace: "default", files: 1, description: "" });
  });
});

Deno.test("A component is shown with how to give its parameters", async () => {
  await withComponents(async (root) => {
    assert.equal(
      await componentShow({ root, name: "app", output: "text" }),
      `app (namespace apps)
An application | with a bar

Parameters:
  domain: hostname, required
    The domain
    --set domain=VALUE, or --parameters FILE, or PLUMB_PARAMETER_DOMAIN
  size: one of s, l, default "s"
    The size
    --set size=VALUE, or --parameters FILE, or PLUMB_PARAMETER_SIZE
  password: string, secret, optional
    A word
    --parameters FILE, or PLUMB_PARAMETER_PASSWORD

Requires:
  postgresql >=18: Service postgres/db, port 5432

Fields that somebody changes in the cluster:
  propose spec.replicas of Deployment of any name
  ignore any by tuner-*, kubectl

A rollback keeps:
  Volumes: set to Retain
    The next deploy binds them to the same claims. They stay at Retain.
  Generated secrets: in plumb-system
    The next deploy uses them again.
  Its database: Service postgres/db
    It is opened again.

Manifests:
  a.yaml
`,
    );
    const json = JSON.parse(await componentShow({ root, name: "app", output: "json" }));
    assert.equal(json.parameters[0].required, true);
    assert.deepEqual(json.files, ["a.yaml"]);
    const markdown = await componentShow({ root, name: "app", output: "markdown" });
    assert.match(markdown, /^- Its database: Service postgres\/db\. It is opened again\.$/m);
    assert.match(markdown, /\| `password` \| string, secret, optional \| A word \|/);
    assert.match(await componentShow({ root, name: "plain", output: "markdown" }), /^# plain\n/);
  });
});

Deno.test("A component or folder that is not there is an error", async () => {
  await withComponents(async (root) => {
    await assert.rejects(componentShow({ root, name: "ap", output: "text" }), {
      code: "invalid",
      hint: "Did you mean app?",
    });
    await assert.rejects(componentShow({ root, name: "other", output: "text" }), {
      hint: "There are app, plain.",
    });
    await assert.rejects(componentList({ root: join(root, "none"), output: "text" }), {
      code: "invalid",
      hint: /--path/,
    });
  });
});
