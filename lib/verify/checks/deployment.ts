/** The check `deployment`: what runs is what was declared. @module */
import { Buffer } from "node:buffer";
import { load } from "js-yaml";
import { z } from "zod";
import { type CheckContext, CheckFailure, type ClusterView, defineCheck } from "../check.ts";
import { problemWithin } from "./certificate.ts";
import { checkWorkloads } from "./workloads.ts";
import { checkFile, checkSpace, podFile, volume } from "./in_pods.ts";

const settings = z.strictObject({
  certificateDays: z.int().default(14).describe("How long certificates must still be valid."),
  discovery: z.strictObject({
    configMap: z.string().default("thinkube-service-config"),
    service: z.string().describe("Name that the ConfigMap must tell."),
    url: z.string().describe("Address of the primary endpoint."),
  }).optional(),
  files: z.array(podFile).default([]).describe("Files in pods that need a certain mode."),
  volumes: z.array(volume).default([]).describe("Volumes of pods that must have space left."),
});
type Settings = z.output<typeof settings>;

const text = z.string();
const meta = z.object({
  name: text,
  labels: z.record(text, text).optional(),
});
const claim = z.object({
  metadata: meta,
  status: z.object({ phase: text.optional() }).default({}),
});
const ingress = z.object({
  metadata: meta,
  spec: z.object({
    tls: z.array(z.object({ hosts: z.array(text).nullish(), secretName: text.optional() }))
      .nullish(),
  }),
});
const configMap = z.object({ metadata: meta, data: z.record(text, text).optional() });
const discovered = z.object({
  service: z.object({
    name: text,
    endpoints: z.array(z.object({ url: text, primary: z.boolean().optional() })),
  }),
});

/** Workloads, images, certificates, claims, and what the platform's catalogue says. */
export const deploymentCheck = defineCheck({
  id: "deployment",
  title: "Deployment",
  proves:
    "Every workload runs at its declared revision and image, with bound claims and valid certificates.",
  needs: [],
  deadline: 30,
  settings,
  async run(given, context) {
    const { cluster } = context;
    if (cluster === undefined) throw new CheckFailure("There is no cluster to look at");
    await checkWorkloads(cluster, context);
    await checkClaims(cluster, context);
    await checkCertificates(cluster, given, context);
    if (given.discovery !== undefined) await checkDiscovery(cluster, given.discovery);
    for (const file of given.files) await checkFile(cluster, file, context);
    for (const one of given.volumes) await checkSpace(cluster, one, context);
  },
});

async function all<Schema extends z.ZodType>(
  cluster: ClusterView,
  schema: Schema,
  group: string,
  plural: string,
): Promise<z.output<Schema>[]> {
  const items = await cluster.list({ group, version: "v1", plural });
  return items.map((item) => schema.parse(item));
}

async function checkClaims(cluster: ClusterView, context: CheckContext): Promise<void> {
  const claims = await all(cluster, claim, "", "persistentvolumeclaims");
  const unbound = claims.find(({ status }) => status.phase !== "Bound");
  if (unbound !== undefined) {
    throw new CheckFailure(
      `The claim ${unbound.metadata.name} is ${unbound.status.phase ?? "unknown"}, not Bound`,
      {
        probably: "No volume fits: the storage class is missing, or its provisioner is not well.",
        hint: `kubectl describe pvc ${unbound.metadata.name} --namespace ${cluster.namespace}`,
      },
    );
  }
  context.evidence("claims bound", claims.length);
}

async function checkCertificates(
  cluster: ClusterView,
  { certificateDays }: Settings,
  context: CheckContext,
): Promise<void> {
  const entries = (await all(cluster, ingress, "networking.k8s.io", "ingresses"))
    .flatMap(({ spec }) => spec.tls ?? []);
  const hosts = new Map<string, Set<string>>();
  for (const { secretName, hosts: names } of entries) {
    if (secretName === undefined) continue;
    hosts.set(secretName, new Set([...hosts.get(secretName) ?? [], ...names ?? []]));
  }
  for (const [secret, names] of hosts) {
    const certificate = await certificateIn(cluster, secret);
    const problem = problemWithin(certificate, { hosts: [...names], days: certificateDays });
    if (problem === undefined) continue;
    throw new CheckFailure(`The certificate in Secret ${secret} ${problem}`, {
      probably: "Its source was not renewed, or the copy does not follow it.",
      hint: "Renew the source, then reconcile: the copy follows.",
    });
  }
  context.evidence("certificates", `${hosts.size} valid for ${certificateDays} days and more`);
}

const secretData = z.object({ metadata: meta, data: z.record(text, text).optional() });

async function certificateIn(cluster: ClusterView, name: string): Promise<string> {
  const secrets = await all(cluster, secretData, "", "secrets");
  const found = secrets.find(({ metadata }) => metadata.name === name)?.data?.["tls.crt"] ?? "";
  return Buffer.from(found, "base64").toString();
}

async function checkDiscovery(
  cluster: ClusterView,
  wanted: NonNullable<Settings["discovery"]>,
): Promise<void> {
  const found = (await all(cluster, configMap, "", "configmaps"))
    .find(({ metadata }) => metadata.name === wanted.configMap);
  if (found === undefined) {
    throw new CheckFailure(`The ConfigMap ${wanted.configMap} does not exist`, {
      probably: "The last deployment did not get to its end: it is written last.",
      hint: "Reconcile, and see what it waits for.",
    });
  }
  const { success, data } = discovered.safeParse(read(found.data?.["service.yaml"] ?? ""));
  const primary = data?.service.endpoints.find((endpoint) => endpoint.primary);
  const labelled = found.metadata.labels?.["thinkube.io/managed"] === "true";
  if (success && labelled && data.service.name === wanted.service && primary?.url === wanted.url) {
    return;
  }
  throw new CheckFailure(
    !success
      ? `service.yaml in ${wanted.configMap} can't be read`
      : !labelled
      ? `${wanted.configMap} has no label thinkube.io/managed=true`
      : `${wanted.configMap} tells of ${data.service.name} at ${primary?.url ?? "no address"}`,
    { probably: "It was changed by hand.", hint: "Reconcile." },
  );
}

function read(yaml: string): unknown {
  try {
    return load(yaml);
  } catch {
    return undefined;
  }
}
