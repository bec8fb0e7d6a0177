/** What can only be seen from inside of a pod: modes of files, and space left on volumes. @module */
import { z } from "zod";
import { PODS } from "../../cluster/mod.ts";
import { messageOf } from "../../errors.ts";
import { type CheckContext, CheckFailure, type ClusterView } from "../check.ts";

const place = {
  namespace: z.string().optional(),
  labels: z.record(z.string(), z.string()).describe("Of the pod."),
  container: z.string().optional().describe("The first one when absent."),
  path: z.string().startsWith("/"),
};

/** A file that must have a mode. */
export const podFile = z.strictObject({ ...place, mode: z.string().regex(/^[0-7]{3,4}$/) });
/** A volume that must have space. */
export const volume = z.strictObject({
  ...place,
  percent: z.int().min(1).max(99).default(10).describe("What must be free."),
});

const pod = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ containers: z.array(z.object({ name: z.string() })).min(1) }),
  status: z.object({ phase: z.string().optional() }).default({}),
});

interface Place {
  readonly namespace?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly container?: string | undefined;
}

/** The first running pod with the labels. */
async function containerAt(cluster: ClusterView, { namespace, labels, container }: Place) {
  const inside = namespace ?? cluster.namespace;
  const labelSelector = Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(",");
  const found = (await cluster.list(PODS, {
    namespace: inside,
    labelSelector,
  })).map((item) => pod.parse(item)).find(({ status }) => status.phase === "Running");
  if (found === undefined) return undefined;
  const name = container ?? found.spec.containers[0]?.name ?? "";
  return { namespace: inside, pod: found.metadata.name, container: name };
}

/** Without a pod there is nothing to judge. */
export async function checkFile(
  cluster: ClusterView,
  { path, mode, ...where }: z.output<typeof podFile>,
  context: CheckContext,
): Promise<void> {
  const container = await containerAt(cluster, where);
  if (container === undefined) return context.evidence(path, "no pod to look into");
  const { code, text, errors } = await cluster.exec(container, ["stat", "-c", "%a", path])
    .catch((error: unknown) => ({ code: -1, text: "", errors: messageOf(error) }));
  const found = text.trim();
  if (code === 0 && found === mode) return context.evidence(path, `mode ${mode}`);
  throw new CheckFailure(
    code === 0
      ? `${path} in ${container.pod} has mode ${found}, not ${mode}`
      : `${path} can't be looked at in ${container.pod}: ${errors.trim().slice(0, 120)}`,
    {
      probably: code === 0
        ? "It was written by hand. With a wider mode others can read the password in it."
        : "The pod is new, and the file was not written since.",
      hint: "Reconcile: the file is written again.",
    },
  );
}

/** By what `df` says of the path. An image without `df`, or with none of our rights, leaves it untold. */
export async function checkSpace(
  cluster: ClusterView,
  { path, percent, ...where }: z.output<typeof volume>,
  context: CheckContext,
): Promise<void> {
  const container = await containerAt(cluster, where);
  if (container === undefined) return context.evidence(path, "no pod to look into");
  const text = await cluster.exec(container, ["df", "-Pk", path])
    .then(({ code, text }) => code === 0 ? text : "", () => "");
  const used = Number(/\s(\d+)%\s/.exec(text.split("\n")[1] ?? "")?.[1] ?? NaN);
  if (Number.isNaN(used)) return context.evidence(`${path} free`, "not told by the container");
  if (100 - used >= percent) return context.evidence(`${path} free`, `${100 - used} %`);
  throw new CheckFailure(`Only ${100 - used} % of ${path} is free in ${container.pod}`, {
    probably: "The volume fills up: uploads and exports will fail.",
    hint: "Delete old tasks, or let the claim grow where its class allows it.",
  });
}
