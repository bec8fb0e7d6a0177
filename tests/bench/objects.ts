/** N mixed objects in five namespaces, the same for every tool and every run. */
import { dump } from "js-yaml";

const NAMESPACES = 5;
/** Of 20 objects. */
const MIX = [
  ...Array.from({ length: 12 }, () => configMap),
  ...Array.from({ length: 3 }, () => secret),
  ...Array.from({ length: 2 }, () => service),
  ...Array.from({ length: 2 }, () => deployment),
  serviceAccount,
];

/** A generated object. */
export interface BenchObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** The namespaces, and `count` objects in them. */
export function benchObjects(count: number): { namespaces: BenchObject[]; objects: BenchObject[] } {
  const names = Array.from({ length: NAMESPACES }, (_, index) => `bench-${index}`);
  const objects = Array.from({ length: count }, (_, index) => {
    const make = MIX[Math.floor(index / NAMESPACES) % MIX.length] ?? configMap;
    return make(`object-${index}`, names[index % NAMESPACES] ?? "", index);
  });
  const namespaces = names.map((name) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  }));
  return { namespaces, objects };
}

/** Writes the objects as one file a namespace, and one for the namespaces. */
export async function writeObjects(folder: string, count: number): Promise<void> {
  const { namespaces, objects } = benchObjects(count);
  await Deno.writeTextFile(`${folder}/00-namespaces.yaml`, documents(namespaces));
  for (const { metadata: { name } } of namespaces) {
    const own = objects.filter(({ metadata }) => metadata.namespace === name);
    await Deno.writeTextFile(`${folder}/${name}.yaml`, documents(own));
  }
}

function documents(objects: readonly unknown[]): string {
  return objects.map((object) => dump(object)).join("---\n");
}

function meta(name: string, namespace: string) {
  return { name, namespace, labels: { app: name, "app.kubernetes.io/part-of": "bench" } };
}

function configMap(name: string, namespace: string, seed: number) {
  const lines = Array.from(
    { length: 5 + seed % 36 },
    (_, index) => `setting.${index}=${(seed * 31 + index) % 9973}`,
  );
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: meta(name, namespace),
    data: { "app.properties": `${lines.join("\n")}\n` },
  };
}

function secret(name: string, namespace: string, seed: number) {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: meta(name, namespace),
    type: "Opaque",
    data: { token: btoa(`token-${seed * 7919}`) },
  };
}

function service(name: string, namespace: string) {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: meta(name, namespace),
    spec: {
      selector: { app: name },
      ports: [{ name: "http", port: 80, targetPort: 8080, protocol: "TCP" }],
    },
  };
}

function serviceAccount(name: string, namespace: string) {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: meta(name, namespace) };
}

function deployment(name: string, namespace: string, seed: number) {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: meta(name, namespace),
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [{
            name: "app",
            image: `registry.example.com/team/app:${seed}`,
            ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
            env: Array.from(
              { length: 8 },
              (_, index) => ({ name: `SETTING_${index}`, value: String(seed + index) }),
            ),
            resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "256Mi" } },
            readinessProbe: { httpGet: { path: "/ready", port: "http" }, periodSeconds: 10 },
          }],
        },
      },
    },
  };
}
