/** Workloads: whether they are ready at the desired revision, and run the images that were declared. @module */
import { z } from "zod";
import { PODS } from "../../cluster/mod.ts";
import {
  type CheckContext,
  CheckFailure,
  type ClusterView,
  type DeclaredWorkload,
} from "../check.ts";

const text = z.string();
const count = z.number().optional();
const labels = z.record(text, text);
const containers = z.array(z.object({ name: text, image: text }));

const workload = z.object({
  metadata: z.object({ name: text, generation: count }),
  spec: z.object({
    replicas: count,
    selector: z.object({ matchLabels: labels.optional() }).optional(),
    template: z.object({ spec: z.object({ containers }) }),
  }),
  status: z.object({
    observedGeneration: count,
    replicas: count,
    updatedReplicas: count,
    readyReplicas: count,
    // Those of DaemonSets.
    desiredNumberScheduled: count,
    currentNumberScheduled: count,
    updatedNumberScheduled: count,
    numberReady: count,
  }).default({}),
});
type Workload = z.output<typeof workload> & { readonly kind: DeclaredWorkload["kind"] };

const pod = z.object({
  metadata: z.object({
    name: text,
    deletionTimestamp: text.optional(),
    labels: labels.default({}),
  }),
  spec: z.object({ containers }),
  status: z.object({
    phase: text.optional(),
    containerStatuses: z.array(z.object({ name: text, imageID: text.default("") })).nullish(),
  }),
});

const KINDS = [
  ["Deployment", "deployments"],
  ["StatefulSet", "statefulsets"],
  ["DaemonSet", "daemonsets"],
] as const;

/** Those that the component declares; where nobody knows what it declares, all of its namespace. */
export async function checkWorkloads(cluster: ClusterView, context: CheckContext): Promise<void> {
  const lists = await Promise.all(KINDS.map(async ([kind, plural]) => {
    const items = await cluster.list({ group: "apps", version: "v1", plural });
    return items.map((item) => ({ ...workload.parse(item), kind }));
  }));
  const live: readonly Workload[] = lists.flat();
  if (live.length === 0) {
    throw new CheckFailure(`Namespace ${cluster.namespace} has no workload`, {
      probably: "The component is not deployed.",
      hint: "Reconcile it first.",
    });
  }
  const { declared } = context;
  const looked = declared === undefined ? live : declared.map((one) => find(live, one));
  for (const one of looked) checkReady(one, cluster);
  context.evidence("workloads ready", looked.length);
  if (declared === undefined) {
    context.evidence("declared images", "not known: parameters are missing that name them");
  } else {
    for (const one of declared) checkTemplate(find(live, one), one);
  }
  await checkPods(looked, cluster, context);
}

function find(live: readonly Workload[], { kind, name }: DeclaredWorkload): Workload {
  const found = live.find((one) => one.kind === kind && one.metadata.name === name);
  if (found !== undefined) return found;
  throw new CheckFailure(`The ${kind} ${name} does not exist`, {
    probably: "It was deleted by hand, or the last deployment did not get to its end.",
    hint: "Reconcile, and see what it waits for.",
  });
}

function checkReady({ kind, metadata, spec, status }: Workload, { namespace }: ClusterView): void {
  const isDaemon = kind === "DaemonSet";
  const wanted = isDaemon ? status.desiredNumberScheduled ?? 0 : spec.replicas ?? 1;
  const there = (isDaemon ? status.currentNumberScheduled : status.replicas) ?? 0;
  const updated = (isDaemon ? status.updatedNumberScheduled : status.updatedReplicas) ?? 0;
  const ready = (isDaemon ? status.numberReady : status.readyReplicas) ?? 0;
  const isSeen = (status.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  if (isSeen && ready >= wanted && updated >= wanted && there === wanted) return;
  throw new CheckFailure(
    `${metadata.name} wants ${wanted} pods, and has ${there}: ${ready} ready, ${updated} at the desired revision`,
    {
      probably: !isSeen
        ? "The controller has not looked at the last change yet."
        : updated < wanted || there > wanted
        ? "A roll-out goes on, or a pod of the new revision does not come up."
        : "A pod does not come up, or an old one does not go.",
      hint: `kubectl get pods --namespace ${namespace}; kubectl describe pod NAME`,
    },
  );
}

function checkTemplate(
  { metadata: { name }, spec: { template } }: Workload,
  declared: DeclaredWorkload,
): void {
  for (const { name: container, image } of declared.containers) {
    const found = template.spec.containers.find((one) => one.name === container)?.image;
    if (found === image) continue;
    throw new CheckFailure(
      `Container ${container} of ${name} has the image ${found ?? "of none"}, not ${image}`,
      {
        probably: "It was changed by hand, or another revision is deployed than this one.",
        hint: "plumb diff says who has changed it and when. Reconcile.",
      },
    );
  }
}

/** Nodes tell the digest of what they run; those that tell none are counted. */
async function checkPods(
  workloads: readonly Workload[],
  cluster: ClusterView,
  context: CheckContext,
): Promise<void> {
  const selectors = workloads.map(({ spec }) => Object.entries(spec.selector?.matchLabels ?? {}));
  const pods = (await cluster.list(PODS))
    .map((item) => pod.parse(item))
    .filter(({ metadata, status }) =>
      metadata.deletionTimestamp === undefined && status.phase === "Running" &&
      selectors.some((selector) =>
        selector.length > 0 && selector.every(([name, value]) => metadata.labels[name] === value)
      )
    );
  let [same, untold] = [0, 0];
  for (const { metadata, spec, status } of pods) {
    for (const { name, image } of spec.containers) {
      const digest = /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1];
      const running = status.containerStatuses?.find((item) => item.name === name)?.imageID ?? "";
      if (digest === undefined) {
        throw new CheckFailure(
          `Container ${name} of ${metadata.name} has an image without a digest: ${image}`,
          {
            probably: "The workload was changed by hand, or is declared by a tag, which can move.",
            hint: "Reconcile, or name the digest in Git.",
          },
        );
      }
      if (running === "") untold++;
      else if (running.endsWith(digest)) same++;
      else {
        throw new CheckFailure(`${metadata.name} runs ${running}, not ${image}`, {
          probably: "The tag was pushed again, or the node had an image of the same name.",
          hint: `kubectl delete pod ${metadata.name} --namespace ${cluster.namespace}`,
        });
      }
    }
  }
  context.evidence(
    "images",
    `${same} by digest${untold === 0 ? "" : `, ${untold} not told by their node`}`,
  );
}
