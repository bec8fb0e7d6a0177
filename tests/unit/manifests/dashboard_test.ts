import assert from "node:assert/strict";
import { join } from "node:path";
import { parseArguments } from "../../../lib/cli/arguments.ts";
import { serve } from "../../../lib/cli/serve_command.ts";
import {
  type ComponentFile,
  loadComponent,
  resolveParameters,
  settleComponent,
} from "../../../lib/component/mod.ts";
import { type DesiredObject, render } from "../../../lib/render/mod.ts";

const FOLDER = new URL("../../../manifests/plumb-dashboard", import.meta.url).pathname;
const IMAGE = `registry.example.com/plumb:1@sha256:${"0".repeat(64)}`;

async function rendered(): Promise<DesiredObject[]> {
  const files: ComponentFile[] = [];
  for await (const { name } of Deno.readDir(FOLDER)) {
    files.push({ path: name, bytes: await Deno.readFile(join(FOLDER, name)) });
  }
  const declared = loadComponent(files, { folder: "plumb-dashboard" });
  const parameters = await resolveParameters(declared, {
    set: [
      "domain=example.com",
      `image=${IMAGE}`,
      `oauth2ProxyImage=${IMAGE}`,
      "source=https://git.example.com/team/platform.git",
      "ingressAddresses=10.1.0.0/16",
      "tlsSecret=example-com-tls",
    ],
  });
  return await render({ files, component: settleComponent(declared, parameters), parameters });
}

const find = (objects: readonly DesiredObject[], kind: string, name: string) => {
  const found = objects.find(({ object }) => object.kind === kind && object.metadata.name === name);
  assert.ok(found, `${kind} ${name}`);
  return found.object as unknown as Record<string, Record<string, unknown>> & {
    metadata: { annotations: Record<string, string> };
    spec: { template: { spec: { containers: { args: string[]; command: string[] }[] } } };
  };
};

Deno.test("the dashboard in the cluster is started with options that it has", async () => {
  const { spec } = find(await rendered(), "Deployment", "plumb-dashboard");
  const [container] = spec.template.spec.containers;
  assert.deepEqual(container?.command, ["deno", "task", "--quiet", "serve"]);
  const given = parseArguments(serve, container?.args ?? []);
  assert.equal(given.text("listen"), "0.0.0.0:8080");
  assert.deepEqual(given.texts("host"), ["plumb.example.com"]);
  assert.deepEqual(given.texts("trust-proxy"), ["10.1.0.0/16"]);
  assert.deepEqual(given.texts("operators"), ["platform-admins"]);
});

Deno.test("the ingress overwrites every header that the dashboard believes", async () => {
  const { metadata } = find(await rendered(), "Ingress", "plumb-dashboard");
  const prefix = "nginx.ingress.kubernetes.io/";
  assert.match(metadata.annotations[`${prefix}auth-url`] ?? "", /\/oauth2\/auth$/);
  const overwritten = (metadata.annotations[`${prefix}auth-response-headers`] ?? "").toLowerCase();
  const source = await Deno.readTextFile(
    new URL("../../../lib/serve/identity.ts", import.meta.url),
  );
  const [, fields = ""] =
    /\[([^\]]*)\]\.map\(\(field\) =>\s*headers\.get\(`x-auth-request-/.exec(source) ?? [];
  const names = [...fields.matchAll(/"([\w-]+)"/g)].map(([, field]) => `x-auth-request-${field}`);
  assert.equal(names.length, 3);
  for (const name of names) assert.ok(overwritten.split(",").includes(name), name);
});
