/** CVAT's manifests fit together, before any cluster sees them. */
import assert from "node:assert/strict";
import { loadComponent, resolveParameters } from "../../../lib/component/mod.ts";
import { isMap } from "../../../lib/field_path.ts";
import { keyOf, type KubernetesObject, referenceOf } from "../../../lib/object.ts";
import { orderObjects } from "../../../lib/plan/mod.ts";
import type { DesiredObject } from "../../../lib/render/mod.ts";
import { DIGEST, readFiles, renderCvat } from "../../cvat.ts";

/** Every way that the choices can be made. */
const CHOICES: readonly Readonly<Record<string, string>>[] = [
  {},
  { exposure: "gateway" },
  { workers: "essential" },
  { mediaCache: "valkey" },
  { keycloakClient: "given" },
  { storageClass: "juicefs-rwx", accessMode: "ReadWriteMany", colocation: "kubernetes.io/os" },
];

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
    case "KeycloakClient": {
      const secret = spec["secret"] as { name: string; key: string };
      return [`Secret/${secret.name}/${secret.key}`];
    }
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
    if (field === "configMapRef") return [`ConfigMap/${map["name"]}/`];
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

Deno.test("all that CVAT's objects refer to is there, down to keys and ports, whatever is chosen", async () => {
  for (const choices of CHOICES) {
    const objects = (await renderCvat(choices)).map(({ object }) => object);
    const offered = new Set(objects.flatMap(offeredBy));
    const needed = objects.flatMap(neededBy);
    assert.ok(needed.length > 50, `${needed.length}`);
    assert.deepEqual(needed.filter((reference) => !offered.has(reference)), [], dumpOf(choices));
  }
});

const dumpOf = (choices: unknown) => JSON.stringify(choices);

/** The pods of workloads: what their controllers make them from. */
async function pods(choices: Readonly<Record<string, string>> = {}) {
  return (await renderCvat(choices)).map(({ object }) => object)
    .filter(({ kind }) => ["Deployment", "StatefulSet", "Job"].includes(kind))
    .map((object) => {
      const { template } = object["spec"] as { template: Template };
      const { containers, initContainers = [] } = template.spec;
      return { object, template, containers: [...initContainers, ...containers] };
    });
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly readinessProbe?: unknown;
  readonly livenessProbe?: unknown;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly resources?: { readonly requests?: unknown; readonly limits?: { memory?: string } };
}

interface Template {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
}

Deno.test("every Service finds the pods of one workload, and the port that it leads to", async () => {
  const workloads = await pods();
  const services = (await renderCvat()).filter(({ object }) => object.kind === "Service");
  assert.equal(services.length, 7);
  for (const { object } of services) {
    const spec = object["spec"] as {
      selector: Record<string, string>;
      ports: { targetPort: string }[];
    };
    const behind = workloads.filter(({ template: { metadata: { labels } } }) =>
      Object.entries(spec.selector).every(([name, value]) => labels[name] === value)
    );
    assert.equal(behind.length, 1, object.metadata.name);
    const ports = behind[0]?.containers.flatMap((container) => container.ports ?? []);
    for (const { targetPort } of spec.ports) {
      assert.ok(ports?.some(({ name }) => name === targetPort), object.metadata.name);
    }
  }
});

Deno.test("each queue of CVAT has one worker, and the essential ones are always there", async () => {
  const queues = async (workers: string) =>
    (await pods({ workers })).flatMap(({ containers }) => containers)
      .flatMap(({ args }) => args?.[1] === "worker" ? args.slice(2) : []).sort();
  const all = ["import", "export", "annotation", "chunks", "webhooks", "quality_reports"];
  assert.deepEqual(
    await queues("all"),
    [...all, "consensus", "notifications", "cleaning"].sort(),
  );
  assert.deepEqual(
    await queues("essential"),
    ["chunks", "cleaning", "export", "import", "notifications"],
  );
});

Deno.test("every pod is restricted, limited, probed, known to a network policy, and without a token", async () => {
  const selectors = (await renderCvat()).filter(({ object }) => object.kind === "NetworkPolicy")
    .map(({ object }) =>
      (object["spec"] as { podSelector: { matchLabels?: Record<string, string> } }).podSelector
        .matchLabels
    )
    .filter((labels) => labels !== undefined);
  for (const { object, template, containers } of await pods()) {
    const { spec, metadata: { labels } } = template;
    const name = `${object.kind}/${object.metadata.name}`;
    const chosen = selectors.some((selector) =>
      Object.entries(selector).every(([label, value]) => labels[label] === value)
    );
    assert.ok(chosen, `${name} is in no policy of its own`);
    assert.equal(spec["automountServiceAccountToken"], false, name);
    assert.equal(spec["priorityClassName"], "thinkube-workload", name);
    const security = spec["securityContext"] as Record<string, unknown> | undefined;
    assert.equal(security?.["runAsNonRoot"], true, name);
    assert.deepEqual(security?.["seccompProfile"], { type: "RuntimeDefault" }, name);
    for (const container of containers) {
      assert.ok(container.image.endsWith(`@${DIGEST}`), container.image);
      assert.equal(container.securityContext?.["allowPrivilegeEscalation"], false, name);
      assert.deepEqual(container.securityContext?.["capabilities"], { drop: ["ALL"] }, name);
      assert.ok(container.resources?.requests && container.resources.limits?.memory, name);
      if (object.kind === "Job") continue;
      assert.ok(container.livenessProbe, name);
      if (container.ports !== undefined) assert.ok(container.readinessProbe, name);
    }
  }
});

Deno.test("what comes first: the database, its schema, the backend, OPA with its rules, and discovery last", async () => {
  for (const choices of CHOICES) {
    const items = (await renderCvat(choices)).map((item) => {
      const object = {
        ...item.object,
        metadata: { namespace: "cvat", ...item.object.metadata },
      };
      return { object, provenance: item.provenance, reference: referenceOf(object) };
    });
    const { waves, external } = orderObjects(items);
    assert.deepEqual(external, []);
    const wave = (kind: string, name: string) => {
      const item = items.find(({ reference }) =>
        reference.kind === kind && reference.name === name
      );
      assert.ok(item, name);
      return waves.findIndex((keys) => keys.includes(keyOf(item.reference)));
    };
    const order = [
      wave("GeneratedSecret", "cvat-secrets"),
      wave("Job", "cvat-db-init"),
      wave("Job", "cvat-init"),
      wave("Deployment", "cvat-backend"),
      wave("Deployment", "opa"),
      wave("ConfigMap", "thinkube-service-config"),
      wave("PodFile", "service-environment"),
    ];
    assert.deepEqual(order, [...new Set(order)].sort((one, other) => one - other));
    const workloads = items.filter(({ reference }) =>
      ["Deployment", "StatefulSet"].includes(reference.kind)
    );
    const last = Math.max(
      ...workloads.map(({ reference }) => wave(reference.kind, reference.name)),
    );
    assert.ok(last < wave("ConfigMap", "thinkube-service-config"));
  }
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
    /a-secret/,
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

Deno.test("a parameter can't break out of its place in YAML, Python, nginx, SQL or a shell", async () => {
  const hostile: Readonly<Record<string, readonly string[]>> = {
    host: [
      "a.example.com; return 200",
      "a.example.com\nx",
      "$(id).example.com",
      "a.example.com/..",
      "A",
    ],
    domain: ['example.com"', "example.com}", "*.example.com"],
    realm: ["x/../master", "x y", "x?y", "x'"],
    adminUsername: ["admin'", "admin: x", "$(id)", "a\nb", '"'],
    clickhouseDatabase: ["cvat; DROP DATABASE cvat", "cvat'", "../x"],
    version: ['1"', "1\n", "x y"],
    newUserRole: ["admin", "worker,admin"],
    mediaCacheLimit: ["40 requirepass x", "0", "-1"],
    exposure: ["../..", "*"],
    ingressNamespace: ['x" }', "X", ""],
    serverDigest: ["sha256:abc", "latest"],
    serverImage: ["registry.example.com/app", "app:latest@x y"],
    accessMode: ["ReadWriteOnce]"],
    storageClass: ["a b", "a: b"],
  };
  for (const [name, values] of Object.entries(hostile)) {
    for (const value of values) {
      await assert.rejects(renderCvat({ [name]: value }), (error: Error & { code?: string }) => {
        return error.code === "wrong-type";
      }, `${name}=${value}`);
    }
  }
});

Deno.test("passwords with quotes or ends of lines are refused, and never quoted", async () => {
  const files = await readFiles();
  const declared = loadComponent(files, { folder: "cvat" });
  for (
    const [name, value] of [
      ["ADMIN", "it's-a-password"],
      ["ADMIN", "short"],
      ["CLICKHOUSE", "a'b"],
      ["CLICKHOUSE", "a\nb"],
    ]
  ) {
    const environment = { [`PLUMB_PARAMETER_${name}_PASSWORD`]: value };
    await assert.rejects(
      resolveParameters(declared, { environment, partial: true }),
      (error: Error) => {
        return error.message.includes("must match the pattern") &&
          !error.message.includes(value ?? "");
      },
    );
  }
});
