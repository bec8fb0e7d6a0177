/** Why a workload is not healthy: which pod, which container, its last words, its events. @module */
import { type Cluster, eventsOf, PODS, readLog, REPLICA_SETS } from "../cluster/mod.ts";
import { PlumbError } from "../errors.ts";
import { isMap } from "../field_path.ts";
import { describe, type KubernetesObject, referenceOf } from "../object.ts";

/** An explanation. */
export interface Explanation {
  /** What is wrong or being waited for; empty when nothing is known. */
  readonly message: string;
  /** Events and log lines. */
  readonly evidence: readonly string[];
  /** Whether waiting longer is pointless. */
  readonly fatal: boolean;
}

const NOTHING: Explanation = { message: "", evidence: [], fatal: false };
const MAX_LINES = 10;
const MAX_EVENTS = 5;
const MAX_CHARACTERS = 300;
const MAX_MESSAGE = 1_000;
/** A container that came back so often will not come up by itself. */
const FATAL_RESTARTS = 3;

type Fields = Readonly<Record<string, unknown>>;
const map = (value: unknown): Fields => isMap(value) ? value : {};
const list = (value: unknown): Fields[] => Array.isArray(value) ? value.filter(isMap) : [];
const text = (value: unknown): string => typeof value === "string" ? value : "";

/**
 * Explains a workload by its pods; for anything else by its events.
 *
 * @param redact keeps secret values out of log lines and events.
 */
export async function explain(
  cluster: Cluster,
  object: KubernetesObject,
  redact: (text: string) => string,
): Promise<Explanation> {
  try {
    const pods = await podsOf(cluster, object);
    for (const pod of pods) {
      const trouble = troubleOf(pod);
      if (trouble === undefined) continue;
      const evidence = [
        ...await logLines(cluster, pod, trouble),
        ...await eventLines(cluster, pod),
      ];
      return clean({
        message: `pod ${pod.metadata.name}: ${trouble.message}`,
        evidence,
        fatal: trouble.fatal,
      }, redact);
    }
    const owners = pods.length > 0
      ? pods.slice(0, 1)
      : [object, ...await newestReplicaSet(cluster, object)];
    for (const owner of owners.toReversed()) {
      const evidence = await eventLines(cluster, owner, "Warning");
      if (evidence.length > 0) {
        return clean({
          message: `${describe(referenceOf(owner))}: ${evidence[0] ?? ""}`,
          evidence,
          fatal: false,
        }, redact);
      }
    }
    return NOTHING;
  } catch (error) {
    // An explanation is a courtesy: who may not read pods, or has lost the lease meanwhile, still gets the object's own
    // status.
    if (error instanceof PlumbError) return NOTHING;
    throw error;
  }
}

/** The pods of a workload; of a Deployment only those of its newest revision. */
async function podsOf(cluster: Cluster, object: KubernetesObject): Promise<KubernetesObject[]> {
  const { namespace, uid } = object.metadata;
  if (object.kind === "Pod") return [object];
  const [replicaSet] = await newestReplicaSet(cluster, object);
  const owner = replicaSet?.metadata.uid ?? uid;
  const pods = await cluster.list(PODS, { namespace, ...selectorOf(replicaSet ?? object) });
  return pods.filter(({ metadata }) =>
    metadata.ownerReferences?.some((reference) => reference.uid === owner)
  );
}

async function newestReplicaSet(
  cluster: Cluster,
  object: KubernetesObject,
): Promise<KubernetesObject[]> {
  if (object.kind !== "Deployment") return [];
  const { namespace, uid } = object.metadata;
  const sets = await cluster.list(REPLICA_SETS, { namespace, ...selectorOf(object) });
  const revision = ({ metadata }: KubernetesObject) =>
    Number(metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0);
  return sets
    .filter(({ metadata }) => metadata.ownerReferences?.some((reference) => reference.uid === uid))
    .sort((left, right) => revision(right) - revision(left))
    .slice(0, 1);
}

function selectorOf(object: KubernetesObject): { labelSelector?: string } {
  const labels = map(map(map(object["spec"])["selector"])["matchLabels"]);
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? {} : { labelSelector: pairs.join(",") };
}

interface Trouble {
  readonly message: string;
  readonly fatal: boolean;
  /** The container whose log tells more, and whether the log of its last run. */
  readonly container?: string;
  readonly previous?: boolean;
}

/** Reasons for which a container waits that a retry by the kubelet will not end, once it has tried again. */
const PULL_FAILURES: ReadonlySet<string> = new Set([
  "ImagePullBackOff",
  "ErrImagePull",
  "ErrImageNeverPull",
]);

function troubleOf(pod: KubernetesObject): Trouble | undefined {
  const status = map(pod["status"]);
  for (
    const container of [
      ...list(status["initContainerStatuses"]),
      ...list(status["containerStatuses"]),
    ]
  ) {
    const trouble = containerTrouble(container);
    if (trouble !== undefined) return trouble;
  }
  const conditions = list(status["conditions"]);
  const scheduled = conditions.find((item) =>
    item["type"] === "PodScheduled" && item["status"] === "False"
  );
  if (scheduled !== undefined) {
    return { message: `can't be scheduled: ${text(scheduled["message"])}`, fatal: false };
  }
  if (status["phase"] === "Failed") {
    return { message: text(status["message"]) || text(status["reason"]) || "failed", fatal: false };
  }
  const unready = list(status["containerStatuses"]).find((item) =>
    item["ready"] === false && isMap(map(item["state"])["running"])
  );
  if (unready === undefined) return undefined;
  return {
    message: `container ${text(unready["name"])} runs, but is not ready`,
    fatal: false,
    container: text(unready["name"]),
  };
}

function containerTrouble(container: Fields): Trouble | undefined {
  const name = text(container["name"]);
  const state = map(container["state"]);
  const waiting = map(state["waiting"]);
  const reason = text(waiting["reason"]);
  const message = text(waiting["message"]);
  const restarts = typeof container["restartCount"] === "number" ? container["restartCount"] : 0;
  if (PULL_FAILURES.has(reason)) {
    return {
      message: `container ${name} can't pull image ${text(container["image"])}: ${
        message || reason
      }`,
      fatal: reason !== "ErrImagePull",
    };
  }
  if (reason === "InvalidImageName") {
    return {
      message: `container ${name} has an image name that is not valid: ${text(container["image"])}`,
      fatal: true,
    };
  }
  if (reason === "CreateContainerConfigError" || reason === "CreateContainerError") {
    return { message: `container ${name} can't be created: ${message || reason}`, fatal: true };
  }
  const last = map(map(container["lastState"])["terminated"]);
  const ended = map(state["terminated"]);
  if (reason === "CrashLoopBackOff" || (restarts > 0 && Object.keys(ended).length > 0)) {
    return {
      message:
        `container ${name} keeps ending (${
          ending(Object.keys(last).length > 0 ? last : ended)
        }), ` +
        `restarted ${restarts} times`,
      fatal: restarts >= FATAL_RESTARTS,
      container: name,
      previous: reason === "CrashLoopBackOff",
    };
  }
  if (typeof ended["exitCode"] === "number" && ended["exitCode"] !== 0) {
    return { message: `container ${name} ended: ${ending(ended)}`, fatal: false, container: name };
  }
  return undefined;
}

function ending(terminated: Fields): string {
  const reason = text(terminated["reason"]);
  return `exit code ${terminated["exitCode"] ?? "unknown"}${
    reason === "" || reason === "Error" ? "" : `, ${reason}`
  }`;
}

async function logLines(
  cluster: Cluster,
  pod: KubernetesObject,
  trouble: Trouble,
): Promise<string[]> {
  if (trouble.container === undefined) return [];
  const options = {
    namespace: pod.metadata.namespace ?? "",
    pod: pod.metadata.name,
    container: trouble.container,
    tailLines: MAX_LINES,
  };
  try {
    const log = await readLog(cluster, { ...options, previous: trouble.previous ?? false });
    return log.split("\n").filter((line) => line.trim() !== "").slice(-MAX_LINES).map((line) =>
      `log: ${line}`
    );
  } catch (error) {
    if (error instanceof PlumbError) return [];
    throw error;
  }
}

async function eventLines(
  cluster: Cluster,
  object: KubernetesObject,
  type?: string,
): Promise<string[]> {
  const { namespace = "default", uid = "" } = object.metadata;
  const events = await eventsOf(cluster, { namespace, uid });
  return events
    .filter((event) => type === undefined || event.type === type)
    .slice(0, MAX_EVENTS)
    .map(({ reason, message, count }) =>
      `event: ${reason}: ${message}${count > 1 ? ` (${count} times)` : ""}`
    );
}

/** Text from containers is hostile: no control characters, no end, no secret. */
function clean(
  { message, evidence, fatal }: Explanation,
  redact: (text: string) => string,
): Explanation {
  const tidy = (value: string, length: number) =>
    // deno-lint-ignore no-control-regex
    redact(value).replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, " ").slice(0, length);
  return {
    message: tidy(message, MAX_MESSAGE),
    evidence: evidence.map((line) => tidy(line, MAX_CHARACTERS)),
    fatal,
  };
}
