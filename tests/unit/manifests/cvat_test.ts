/** CVAT's manifests fit together, before any cluster sees them. */
import assert from "node:assert/strict";
import { loadComponent, resolveParameters } from "../../../lib/component/mod.ts";
import { isMap } from "../../../lib/field_path.ts";
import { keyOf, type KubernetesObject, referenceOf } from "../../../lib/object.ts";
import { orderObjects } from "../../../lib/plan/mod.ts";
import { type DesiredObject, render } from "../../../lib/render/mod.ts";

const FOLDER = new URL("../../../manifests/cvat/", import.meta.url);
const SECRETS = ["ADMIN", "POSTGRES", "CLICKHOUSE", "VALKEY"].map((name) => `${name}_PASSWORD`);

async function readFiles() {
  return await Array.fromAsync(
    Deno.readDir(FOLDER),
    async ({ name }) => ({ path: name, bytes: await Deno.readFile(new URL(name, FOLDER)) }),
  );
}

async function renderCvat(): Promise<DesiredObject[]> {
  const files = await readFiles();
  const component = loadComponent(files, { folder: "cvat" });
  const parameters = await resolveParameters(component, {
    set: ["domain=example.com", "tlsSecret=example-com-tls"],
    environment: Object.fromEntries(
      [...SECRETS, "OAUTH2_CLIENT_SECRET"].map((name) => [`PLUMB_PARAMETER_${name}`, "secret"]),
    ),
  });
  return await render({ files, component, parameters });
}

/** All maps in a value, each with the field that holds it. */
function* maps(value: unknown, field = ""): Generator<[string, Record<string, unknown>]> {
  if (Array.isArray(value)) { for (const item of value) yield* maps(item, field); }
  else if (isMap(value)) {
    yield [field, value];
    for (const [name, child] of Object.entries(value)) yield* maps(child, name);
  }
}

/** What other objects can refer to: `Kind/name`, and `Kind/name/key` or `Service/name/port`. */
function offeredBy({ kind, metadata: { name }, ...rest }: KubernetesObject): string[] {
  const spec = isMap(rest["spec"]) ? rest["spec"] : {};
  const keys = (...values: unknown[]) =>
    values.flatMap((value) => isMap(value) ? Object.keys(value) : []);
  switch (kind) {
    case "GeneratedSecret":
      return ["", ...keys(spec["generate"], spec["data"])].map((key) => `Secret/${name}/${key}`);
    case "SecretCopy":
      return [`Secret/${name}/`];
    case "ConfigMap":
      return ["", ...keys(rest["data"])].map((key) => `ConfigMap/${name}/${key}`);
    case "Service":
      return (spec["ports"] as { name: string }[]).map((port) => `Service/${name}/${port.name}`);
    default:
      return [`${kind}/${name}/`];
  }
}

/** What an object refers to, in the same form. */
function neededBy(object: KubernetesObject): string[] {
  return [...maps(object)].flatMap(([field, map]) => {
    const key = map["key"] ?? "";
    const port = isMap(map["port"]) ? map["port"]["name"] : undefined;
    if (field === "secretKeyRef") return [`Secret/${map["name"]}/${key}`];
    if (field === "configMap") return [`ConfigMap/${map["name"]}/`];
    if (field === "persistentVolumeClaim") return [`PersistentVolumeClaim/${map["claimName"]}/`];
    if (field === "tls") return [`Secret/${map["secretName"]}/`];
    return field === "service" && port !== undefined ? [`Service/${map["name"]}/${port}`] : [];
  });
}

function find(objects: readonly DesiredObject[], kind: string, name: string): KubernetesObject {
  const found = objects.find(({ object }) => object.kind === kind && object.metadata.name === name);
  assert.ok(found, `${kind}/${name}`);
  return found.object;
}

Deno.test("all that CVAT's objects refer to is there, down to keys and ports", async () => {
  const objects = (await renderCvat()).map(({ object }) => object);
  const offered = new Set(objects.flatMap(offeredBy));
  const needed = objects.flatMap(neededBy);
  assert.ok(needed.length > 30, `${needed.length}`);
  assert.deepEqual(needed.filter((reference) => !offered.has(reference)), []);
});

Deno.test("every Service finds the pods of one Deployment, and the port that it leads to", async () => {
  const objects = (await renderCvat()).map(({ object }) => object);
  const deployments = objects.filter(({ kind }) => kind === "Deployment").map((object) => {
    const all = [...maps(object)];
    return {
      labels: all.find(([field]) => field === "template")?.[1]["metadata"] as {
        labels: Record<string, string>;
      },
      ports: all.filter(([field]) => field === "ports").map(([, { name }]) => name),
    };
  });
  const services = objects.filter(({ kind }) => kind === "Service");
  assert.equal(services.length, 5);
  for (const service of services) {
    const spec = service["spec"] as {
      selector: Record<string, string>;
      ports: { targetPort: string }[];
    };
    const behind = deployments.filter(({ labels: { labels } }) =>
      Object.entries(spec.selector).every(([name, value]) => labels[name] === value)
    );
    assert.equal(behind.length, 1, service.metadata.name);
    assert.ok(spec.ports.every(({ targetPort }) => behind[0]?.ports.includes(targetPort)));
  }
});

Deno.test("what comes first: the database, the backend, OPA with its rules, and discovery last", async () => {
  const items = (await renderCvat()).map((item) => {
    const object = {
      ...item.object,
      metadata: { namespace: "cvat", ...item.object.metadata },
    };
    return { object, provenance: item.provenance, reference: referenceOf(object) };
  });
  const { waves, external } = orderObjects(items);
  assert.deepEqual(external, []);
  const wave = (kind: string, name: string) => {
    const item = items.find(({ reference }) => reference.kind === kind && reference.name === name);
    assert.ok(item, name);
    return waves.findIndex((keys) => keys.includes(keyOf(item.reference)));
  };
  const order = [
    wave("GeneratedSecret", "cvat-secrets"),
    wave("Job", "cvat-db-init"),
    wave("Deployment", "cvat-backend"),
    wave("Deployment", "opa"),
    wave("ConfigMap", "thinkube-service-config"),
  ];
  assert.deepEqual(order, [...new Set(order)].sort((one, other) => one - other));
  assert.equal(waves.length - 1, order.at(-1));
});

Deno.test("only the API and the login itself are outside of the login", async () => {
  const objects = await renderCvat();
  const settings = (name: string) => find(objects, "Ingress", name).metadata.annotations ?? {};
  const asked = (name: string) => Object.keys(settings(name)).filter((key) => /\/auth-/.test(key));
  assert.equal(asked("cvat-ingress").length, 3);
  assert.deepEqual(asked("cvat-api-ingress"), []);
  assert.deepEqual(asked("oauth2-proxy-ingress"), []);
  const paths = (name: string) =>
    [...maps(find(objects, "Ingress", name))].filter(([field]) => field === "paths")
      .map(([, { path }]) => path);
  assert.deepEqual(paths("cvat-ingress"), ["/static", "/django-rq", "/"]);
  assert.deepEqual(paths("cvat-api-ingress"), ["/api"]);
  assert.deepEqual(paths("oauth2-proxy-ingress"), ["/oauth2"]);
  for (const name of ["cvat-ingress", "cvat-api-ingress"]) {
    assert.equal(settings(name)["nginx.ingress.kubernetes.io/proxy-body-size"], "1024m");
    assert.equal(settings(name)["nginx.ingress.kubernetes.io/proxy-read-timeout"], "1200");
  }
});

Deno.test("the middleware believes the header only where a request has passed the login", async () => {
  const objects = await renderCvat();
  const { data } = find(objects, "ConfigMap", "cvat-oauth2-middleware");
  const code = isMap(data) ? String(data["middleware.py"]) : "";
  const believed = /^PROTECTED_PATH = "(.+)\/"$/m.exec(code)?.[1];
  const behindLogin = [...maps(find(objects, "Ingress", "cvat-ingress"))].map(([, map]) => map)
    .filter(({ path, backend }) =>
      path === believed && JSON.stringify(backend).includes("backend")
    );
  assert.equal(behindLogin.length, 1, `${believed}`);
});

Deno.test("passwords are only in Secrets, and in no argument", async () => {
  const objects = await renderCvat();
  const clear = objects.filter(({ object }) => object.kind !== "GeneratedSecret")
    .flatMap(({ object }) => [...maps(object)])
    .filter(([field, { name, value }]) =>
      field === "env" && value !== undefined && /PASSWORD|SECRET/.test(String(name))
    );
  assert.deepEqual(clear, []);
  assert.doesNotMatch(
    JSON.stringify(find(objects, "Deployment", "oauth2-proxy")),
    /--(client|cookie)-secret/,
  );
  assert.doesNotMatch(
    JSON.stringify(find(objects, "ConfigMap", "thinkube-service-config")),
    /PASSWORD/,
  );
});

Deno.test("every parameter is used, and the README leads from every step to its file", async () => {
  const files = await readFiles();
  const texts = new Map(
    files.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)] as const),
  );
  const all = [...texts].filter(([path]) => path.endsWith(".yaml")).map(([, text]) => text).join();
  const { parameters } = loadComponent(files, { folder: "cvat" });
  assert.deepEqual([...parameters.keys()].filter((name) => !all.includes(`\${${name}}`)), []);
  const readme = texts.get("README.md") ?? "";
  for (const path of texts.keys()) {
    if (path.endsWith(".yaml")) assert.ok(readme.includes(`\`${path}\``), path);
  }
  const steps = readme.split("\n").flatMap((line) => /^\| ([\d, ]+) /.exec(line)?.[1] ?? [])
    .flatMap((numbers) => numbers.split(",").map(Number));
  assert.deepEqual(steps, Array.from({ length: 18 }, (_, index) => index + 1));
});
