/** In which order objects are applied: by kind, and by what they say they depend on. @module */
import { isMap } from "../field_path.ts";
import { ANNOTATION } from "../names.ts";
import { describe, keyOf, type ObjectReference } from "../object.ts";
import type { DesiredObject } from "../render/types.ts";
import { PlanError } from "./errors.ts";

/** An object to be ordered. */
export type Orderable = Pick<DesiredObject, "object" | "provenance"> & {
  readonly reference: ObjectReference;
};

/** The order of a set of objects. */
export interface Order {
  /** Keys, wave after wave, each in the order of the input. */
  readonly waves: readonly (readonly string[])[];
  /** What each object needs: what it names, its namespace, and its CustomResourceDefinition, where they are in the set. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** What objects name that is not in the set, and so must live in the cluster. */
  readonly external: readonly { readonly reference: ObjectReference; readonly item: Orderable }[];
}

/** Ranks of kinds; all others are configuration. */
const FOUNDATION = 0;
const CONFIGURATION = 1;
const WORKLOAD = 2;
const EXPOSURE = 3;
/** Instances of definitions in the set: their operator, and its webhooks, are in the set too. */
const INSTANCE = 4;

const RANKS: ReadonlyMap<string, number> = new Map([
  ...ranked(FOUNDATION, [
    "/Namespace",
    "apiextensions.k8s.io/CustomResourceDefinition",
    "scheduling.k8s.io/PriorityClass",
    "storage.k8s.io/StorageClass",
  ]),
  ...ranked(WORKLOAD, [
    "/Pod",
    "/ReplicationController",
    "apps/DaemonSet",
    "apps/Deployment",
    "apps/ReplicaSet",
    "apps/StatefulSet",
    "batch/CronJob",
    "batch/Job",
  ]),
  ...ranked(EXPOSURE, [
    "networking.k8s.io/Ingress",
    "gateway.networking.k8s.io/HTTPRoute",
    "autoscaling/HorizontalPodAutoscaler",
    "policy/PodDisruptionBudget",
    "apiregistration.k8s.io/APIService",
    "admissionregistration.k8s.io/MutatingWebhookConfiguration",
    "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
    "admissionregistration.k8s.io/ValidatingAdmissionPolicy",
    "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding",
  ]),
]);

function ranked(rank: number, kinds: readonly string[]): [string, number][] {
  return kinds.map((kind) => [kind, rank]);
}

/**
 * Orders objects: each comes after what it depends on, and not before its kind's turn.
 *
 * @throws {PlanError} `dependency-malformed`, `dependency-cycle`
 */
export function orderObjects(items: readonly Orderable[]): Order {
  const byKey = new Map(items.map((item) => [keyOf(item.reference), item]));
  const definitions = definedKinds(items);
  const dependencies = new Map<string, readonly string[]>();
  const external: Order["external"][number][] = [];
  for (const item of items) {
    const needed = implied(item, byKey, definitions);
    for (const reference of named(item)) {
      const key = keyOf(reference);
      if (byKey.has(key)) needed.push(key);
      else external.push({ reference, item });
    }
    if (needed.length > 0) dependencies.set(keyOf(item.reference), needed);
  }
  const waves = new Map<number, string[]>();
  const rank = ranker(byKey, dependencies, definitions);
  for (const key of byKey.keys()) {
    const wave = rank(key);
    waves.set(wave, [...waves.get(wave) ?? [], key]);
  }
  const ordered = [...waves].sort(([left], [right]) => left - right).map(([, keys]) => keys);
  return { waves: ordered, dependencies, external };
}

/** The longest way down to an object: through its dependencies, and at least its kind's rank. */
function ranker(
  byKey: ReadonlyMap<string, Orderable>,
  dependencies: ReadonlyMap<string, readonly string[]>,
  definitions: ReadonlyMap<string, string>,
): (key: string) => number {
  const ranks = new Map<string, number>();
  const visiting: string[] = [];
  const rank = (key: string): number => {
    const known = ranks.get(key);
    if (known !== undefined) return known;
    if (visiting.includes(key)) throw cycle([...visiting.slice(visiting.indexOf(key)), key], byKey);
    visiting.push(key);
    const below = (dependencies.get(key) ?? []).map((needed) => rank(needed) + 1);
    visiting.pop();
    const result = Math.max(kindRank(byKey.get(key), definitions), ...below);
    ranks.set(key, result);
    return result;
  };
  return rank;
}

function kindRank(item: Orderable | undefined, definitions: ReadonlyMap<string, string>): number {
  if (item === undefined) return CONFIGURATION;
  const kind = `${item.reference.group}/${item.reference.kind}`;
  return RANKS.get(kind) ?? (definitions.has(kind) ? INSTANCE : CONFIGURATION);
}

function cycle(keys: readonly string[], byKey: ReadonlyMap<string, Orderable>): PlanError {
  const items = keys.flatMap((key) => byKey.get(key) ?? []);
  return new PlanError(
    "dependency-cycle",
    `Objects depend on each other in a circle: ${
      items.map(({ reference }) => describe(reference)).join(" → ")
    }`,
    {
      ...(items[0] === undefined ? {} : { place: items[0].provenance }),
      hint: `Remove one of their ${ANNOTATION.dependsOn} annotations.`,
    },
  );
}

/** CustomResourceDefinitions of the set by the kind that they define: `group/Kind` to key. */
function definedKinds(items: readonly Orderable[]): ReadonlyMap<string, string> {
  return new Map(items.flatMap(({ object, reference }) => {
    const spec = object["spec"];
    if (reference.kind !== "CustomResourceDefinition" || !isMap(spec) || !isMap(spec["names"])) {
      return [];
    }
    return [[`${spec["group"]}/${spec["names"]["kind"]}`, keyOf(reference)] as const];
  }));
}

function implied(
  { reference }: Orderable,
  byKey: ReadonlyMap<string, Orderable>,
  definitions: ReadonlyMap<string, string>,
): string[] {
  const { group, kind, namespace } = reference;
  const needed: string[] = [];
  if (namespace !== undefined) {
    const key = keyOf({ group: "", kind: "Namespace", name: namespace });
    if (byKey.has(key)) needed.push(key);
  }
  const definition = definitions.get(`${group}/${kind}`);
  if (definition !== undefined) needed.push(definition);
  return needed;
}

/** The references in an object's annotation, in the syntax of cli-utils. */
function named({ object, provenance, reference }: Orderable): ObjectReference[] {
  const text = object.metadata.annotations?.[ANNOTATION.dependsOn];
  if (text === undefined || text.trim() === "") return [];
  return text.split(",").map((part) => {
    const fields = part.trim().split("/");
    const [group = "", scope = "", ...rest] = fields;
    const [namespace = "", kind = "", name = ""] = rest;
    if (fields.length === 5 && scope === "namespaces" && namespace && kind && name) {
      return { group, kind, namespace, name };
    }
    if (fields.length === 3 && scope && rest[0]) return { group, kind: scope, name: rest[0] };
    throw new PlanError("dependency-malformed", `\`${part.trim()}\` is not a reference`, {
      place: { ...provenance, object: describe(reference) },
      hint:
        `${ANNOTATION.dependsOn} takes group/namespaces/NAMESPACE/Kind/NAME or group/Kind/NAME; ` +
        "the core group is empty: /namespaces/cvat/Service/opa.",
    });
  });
}

/**
 * Members in the order of deletion: the reverse of that of application.
 *
 * @param items with the wave in which each was applied; where there is no record of it, its kind's turn decides.
 */
export function deletionWaves<
  Item extends { readonly reference: ObjectReference; readonly wave?: number | undefined },
>(items: readonly Item[]): Item[][] {
  const waves = new Map<number, Item[]>();
  for (const item of items) {
    const wave = item.wave ?? RANKS.get(`${item.reference.group}/${item.reference.kind}`) ??
      (item.reference.group.includes(".") && !item.reference.group.endsWith(".k8s.io")
        ? INSTANCE
        : CONFIGURATION);
    waves.set(wave, [...waves.get(wave) ?? [], item]);
  }
  return [...waves].sort(([left], [right]) => right - left).map(([, wave]) => wave);
}
