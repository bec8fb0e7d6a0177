/** A component's folder is written by whoever may push: files of any content end in objects or in a clear error. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { loadComponent, resolveParameters, settleComponent } from "../../lib/component/mod.ts";
import { render } from "../../lib/render/mod.ts";
import { assertClear, CANARY, garbled, junk, mutated, RUNS } from "./hostile.ts";

const COMPONENT = {
  apiVersion: "plumb.thinkube.io/v1alpha1",
  kind: "Component",
  metadata: { name: "web" },
  spec: {
    namespace: "web",
    parameters: {
      domain: { type: "hostname", required: true, description: "Where it answers" },
      size: { type: "integer", default: 3, description: "How many" },
      password: { type: "string", secret: true, required: true, description: "Of the login" },
    },
    requires: [{ name: "database", service: "postgres/postgresql", port: 5432 }],
    manifests: ["*.yaml"],
    waivers: [{
      policy: "network",
      objects: { name: "web" },
      reason: "The laboratory has no ingress yet.",
      expires: "2027-06-30",
    }],
  },
};

const MANIFEST = `apiVersion: v1
kind: ConfigMap
metadata: { name: settings, labels: { a: "1" } }
data:
  host: \${domain}
  text: |
    several
    lines of \${size}
---
apiVersion: v1
kind: Secret
metadata: { name: login }
stringData: { password: "\${password}" }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: \${size}
  template: &template
    spec: { containers: [ { name: app, image: "registry.example.com/app:1" } ] }
`;

/** From files to objects, as a run does it. */
async function renderFiles(texts: Readonly<Record<string, string>>): Promise<void> {
  const files = Object.entries(texts).map(([path, text]) => (
    { path, bytes: new TextEncoder().encode(text) }
  ));
  const declared = loadComponent(files, { folder: "web" });
  const parameters = await resolveParameters(declared, {
    set: ["domain=example.com"],
    environment: { PLUMB_PARAMETER_PASSWORD: CANARY },
  });
  const component = settleComponent(declared, parameters);
  const objects = await render({ files, component, parameters });
  for (const { object } of objects) assert.equal(typeof object.metadata.name, "string");
}

Deno.test("the component of the fuzz tests is a good one", async () => {
  await renderFiles({ "component.yaml": JSON.stringify(COMPONENT), "app.yaml": MANIFEST });
});

Deno.test("a component.yaml of any shape is read, or refused in words", async () => {
  await fc.assert(
    fc.asyncProperty(mutated(COMPONENT), async (component) => {
      await assertClear(() =>
        renderFiles({ "component.yaml": JSON.stringify(component), "app.yaml": MANIFEST })
      );
    }),
    RUNS,
  );
});

Deno.test("manifests of any text are read, or refused in words", async () => {
  await fc.assert(
    fc.asyncProperty(garbled(MANIFEST), async (text) => {
      await assertClear(() =>
        renderFiles({ "component.yaml": JSON.stringify(COMPONENT), "app.yaml": text })
      );
    }),
    RUNS,
  );
});

Deno.test("files of any name and content are read, or refused in words", async () => {
  const path = fc.oneof(
    fc.constantFrom("component.yaml", "kustomization.yaml", "a.json", "__proto__.yaml", "a/b.yaml"),
    fc.string({ minLength: 1, maxLength: 12, unit: "binary" }),
  );
  const content = fc.oneof(
    junk.map((value) => JSON.stringify(value)),
    fc.string({ maxLength: 60, unit: "binary" }),
    garbled(MANIFEST),
  );
  await fc.assert(
    fc.asyncProperty(fc.dictionary(path, content, { maxKeys: 4 }), async (files) => {
      await assertClear(() => renderFiles(files));
    }),
    RUNS,
  );
});

Deno.test("values of parameters are taken, or refused without being told when they are secret", async () => {
  const declared = loadComponent([{
    path: "component.yaml",
    bytes: new TextEncoder().encode(JSON.stringify(COMPONENT)),
  }], { folder: "web" });
  const text = fc.string({ maxLength: 40, unit: "binary" });
  await fc.assert(
    fc.asyncProperty(
      text,
      text,
      mutated({ domain: "a.example.com", size: 3 }),
      async (set, secret, file) => {
        await assertClear(() =>
          resolveParameters(declared, {
            set: [set],
            environment: { PLUMB_PARAMETER_PASSWORD: `${CANARY}${secret}` },
            file: { path: "values.yaml", text: JSON.stringify(file) },
          })
        );
      },
    ),
    RUNS,
  );
});
