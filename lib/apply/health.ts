/**
 * The health of an object from the object alone, by the rules of kstatus (kubernetes-sigs/cli-utils), with two
 * exceptions that are explained where they stand.
 * @module
 */
import type { HealthStatus } from "../event.ts";
import { isMap } from "../field_path.ts";
import { groupVersionKind, type KubernetesObject } from "../object.ts";

/** How an object is, and what is missing. */
export interface Health {
  readonly status: HealthStatus;
  readonly message: string;
}

type Fields = Readonly<Record<string, unknown>>;
type Rule = (spec: Fields, status: Fields, object: KubernetesObject) => Health;

const current = (message = "ready"): Health => ({ status: "current", message });
const progressing = (message: string): Health => ({ status: "progressing", message });
const failed = (message: string): Health => ({ status: "failed", message });

const map = (value: unknown): Fields => isMap(value) ? value : {};
const count = (value: unknown, fallback = 0): number =>
  typeof value === "number" ? value : fallback;
const text = (value: unknown): string => typeof value === "string" ? value : "";

interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

function condition(status: Fields, type: string): Condition | undefined {
  const list = Array.isArray(status["conditions"]) ? status["conditions"] : [];
  const found: unknown = list.find((item) => isMap(item) && item["type"] === type);
  if (!isMap(found)) return undefined;
  return {
    status: text(found["status"]),
    reason: text(found["reason"]),
    message: text(found["message"]),
  };
}

/** Whether the controller has not yet looked at the newest spec. */
function isUnobserved({ metadata }: KubernetesObject, status: Fields): boolean {
  const observed = status["observedGeneration"];
  return typeof observed === "number" && metadata.generation !== undefined &&
    observed < metadata.generation;
}

const deployment: Rule = (spec, status, object) => {
  const progress = condition(status, "Progressing");
  if (progress?.reason === "ProgressDeadlineExceeded") return failed(progress.message);
  if (status["observedGeneration"] === undefined || isUnobserved(object, status)) {
    return progressing("not yet observed");
  }
  const wanted = count(spec["replicas"], 1);
  const [all, updated] = [count(status["replicas"]), count(status["updatedReplicas"])];
  const available = count(status["availableReplicas"]);
  if (spec["paused"] === true) return current("paused");
  if (updated < wanted) return progressing(`${updated} of ${wanted} pods updated`);
  if (all > updated) return progressing(`${all - updated} old pods still running`);
  if (all > wanted) return progressing(`${all - wanted} pods too many`);
  if (available < updated) return progressing(`${available} of ${updated} pods available`);
  return current(`${available} of ${wanted} pods available`);
};

const replicaSet: Rule = (spec, status, object) => {
  const failure = condition(status, "ReplicaFailure");
  if (failure?.status === "True") return failed(failure.message);
  if (isUnobserved(object, status)) return progressing("not yet observed");
  const [wanted, available] = [count(spec["replicas"], 1), count(status["availableReplicas"])];
  return available < wanted ? progressing(`${available} of ${wanted} pods available`) : current();
};

const statefulSet: Rule = (spec, status, object) => {
  if (status["observedGeneration"] === undefined || isUnobserved(object, status)) {
    return progressing("not yet observed");
  }
  const wanted = count(spec["replicas"], 1);
  const ready = count(status["readyReplicas"]);
  if (ready < wanted) return progressing(`${ready} of ${wanted} pods ready`);
  // With OnDelete, pods are replaced when somebody deletes them: nothing to wait for.
  const strategy = map(spec["updateStrategy"]);
  if (strategy["type"] === "OnDelete") return current();
  const partition = count(map(strategy["rollingUpdate"])["partition"]);
  const updated = count(status["updatedReplicas"]);
  if (updated < wanted - partition) {
    return progressing(`${updated} of ${wanted - partition} pods updated`);
  }
  return partition === 0 && status["currentRevision"] !== status["updateRevision"]
    ? progressing("the new revision is not yet current")
    : current();
};

const daemonSet: Rule = (_spec, status, object) => {
  if (status["observedGeneration"] === undefined || isUnobserved(object, status)) {
    return progressing("not yet observed");
  }
  const wanted = count(status["desiredNumberScheduled"]);
  const [updated, available] = [
    count(status["updatedNumberScheduled"]),
    count(status["numberAvailable"]),
  ];
  if (updated < wanted) return progressing(`${updated} of ${wanted} pods updated`);
  return available < wanted ? progressing(`${available} of ${wanted} pods available`) : current();
};

/** kstatus calls a Job current as soon as it started. What depends on a Job wants its result, so here it must complete. */
const job: Rule = (spec, status) => {
  const failure = condition(status, "Failed");
  if (failure?.status === "True") {
    return failed(`the Job failed: ${failure.message || failure.reason}`);
  }
  if (condition(status, "Complete")?.status === "True") return current("complete");
  if (spec["suspend"] === true) return current("suspended");
  const active = count(status["active"]);
  return progressing(active > 0 ? "the Job is running" : "the Job has not started");
};

const pod: Rule = (_spec, status) => {
  const phase = text(status["phase"]);
  if (phase === "Succeeded") return current("completed");
  if (phase === "Failed") return failed(text(status["message"]) || "the pod failed");
  if (condition(status, "Ready")?.status === "True") return current();
  const scheduled = condition(status, "PodScheduled");
  return progressing(
    scheduled?.status === "False" ? scheduled.message : `phase ${phase || "Pending"}`,
  );
};

/**
 * kstatus waits until a claim is bound. Under WaitForFirstConsumer it is bound only when a pod uses it, and that pod
 * may come in a later wave, so here a pending claim is current; a pod that can't get its volume says so itself.
 */
const volumeClaim: Rule = (_spec, status) => {
  const phase = text(status["phase"]);
  return phase === "Lost"
    ? failed("its volume is lost")
    : current(phase === "Bound" ? "bound" : "waits for a consumer");
};

/** kstatus waits for the address of a load balancer. Not every cluster has one, so here a Service is as it is. */
const service: Rule = () => current();

const namespace: Rule = (_spec, status) =>
  status["phase"] === "Terminating"
    ? { status: "terminating", message: "is being deleted" }
    : current("active");

const definition: Rule = (_spec, status) => {
  const names = condition(status, "NamesAccepted");
  if (names?.status === "False") return failed(`its names are not accepted: ${names.message}`);
  return condition(status, "Established")?.status === "True"
    ? current("established")
    : progressing("not yet established");
};

const apiService: Rule = (_spec, status) => {
  const available = condition(status, "Available");
  return available?.status === "True"
    ? current()
    : progressing(available?.message || "not yet available");
};

const RULES: ReadonlyMap<string, Rule> = new Map([
  ["apps/Deployment", deployment],
  ["apps/ReplicaSet", replicaSet],
  ["apps/StatefulSet", statefulSet],
  ["apps/DaemonSet", daemonSet],
  ["batch/Job", job],
  ["batch/CronJob", () => current()],
  ["/Pod", pod],
  ["/PersistentVolumeClaim", volumeClaim],
  ["/Service", service],
  ["/Namespace", namespace],
  ["policy/PodDisruptionBudget", () => current()],
  ["autoscaling/HorizontalPodAutoscaler", () => current()],
  ["apiextensions.k8s.io/CustomResourceDefinition", definition],
  ["apiregistration.k8s.io/APIService", apiService],
]);

/** Kinds that are well as soon as they are there. */
const ALWAYS_WELL: ReadonlySet<string> = new Set([
  "batch/CronJob",
  "/Service",
  "policy/PodDisruptionBudget",
  "autoscaling/HorizontalPodAutoscaler",
]);

/** Whether the health of a kind's objects can only be told by their status; those of others need not be read. */
export function isJudgedByStatus({ group, kind }: { group: string; kind: string }): boolean {
  const key = `${group}/${kind}`;
  if (RULES.has(key)) return !ALWAYS_WELL.has(key);
  return group.includes(".") && !group.endsWith(".k8s.io");
}

/** What most controllers write: `Ready`, and kstatus' own `Reconciling` and `Stalled`. */
const generic: Rule = (_spec, status, object) => {
  if (isUnobserved(object, status)) return progressing("not yet observed");
  const stalled = condition(status, "Stalled");
  if (stalled?.status === "True") return failed(stalled.message || stalled.reason);
  const reconciling = condition(status, "Reconciling");
  if (reconciling?.status === "True") return progressing(reconciling.message || reconciling.reason);
  const ready = condition(status, "Ready");
  return ready === undefined || ready.status === "True"
    ? current()
    : progressing(ready.message || ready.reason || "not ready");
};

/**
 * Judges an object by its own status.
 *
 * @example
 * ```ts
 * import { healthOf } from "./health.ts";
 * import assert from "node:assert/strict";
 *
 * const job = {
 *   apiVersion: "batch/v1",
 *   kind: "Job",
 *   metadata: { name: "migrate" },
 *   status: { conditions: [{ type: "Complete", status: "True" }] },
 * };
 * assert.equal(healthOf(job).status, "current");
 * ```
 */
export function healthOf(object: KubernetesObject): Health {
  if (object.metadata.deletionTimestamp !== undefined) {
    return { status: "terminating", message: "is being deleted" };
  }
  const { group, kind } = groupVersionKind(object);
  const rule = RULES.get(`${group}/${kind}`) ?? generic;
  return rule(map(object["spec"]), map(object["status"]), object);
}
