/**
 * From rendered objects to objects as they are applied: with a namespace, realized, labelled, and with pods that
 * roll when their configuration changes.
 * @module
 */
import { isMap } from "../field_path.ts";
import type { Cluster, Discovery, Resource } from "../cluster/mod.ts";
import type { ExternalObject, SecretReader } from "../kinds/mod.ts";
import { ANNOTATION, APPLYSET } from "../names.ts";
import {
  describe,
  groupVersionKind,
  keyOf,
  type KubernetesObject,
  type ObjectMeta,
  type ObjectReference,
  referenceOf,
} from "../object.ts";
import { type FieldRule, hashOf, type Member } from "../plan/mod.ts";
import type { DesiredObject } from "../render/mod.ts";
import { ApplyError } from "./errors.ts";
import { applySetId } from "./inventory.ts";
import { contextOf, externalResource, realize } from "./realize.ts";
import { encodeSecret } from "./secret_data.ts";

/** A desired object that is ready to be applied. */
export interface PreparedObject extends DesiredObject {
  readonly reference: ObjectReference;
  readonly resource: Resource;
  /** Keyed hash of `object` and of the rules on its fields. */
  readonly hash: string;
  /** Never pruned: what it holds can't be made again. */
  readonly retain: boolean;
  /** Of a Secret that is retained, the keys that can't be made again. */
  readonly generated?: readonly string[];
  readonly sources: NonNullable<Member["sources"]>;
  /** 0-based; set when all are ordered. */
  readonly wave?: number;
  /** Set for what lives outside of the cluster's API. */
  readonly external?: ExternalObject;
}

/** What preparing needs to know. */
export interface PrepareOptions {
  readonly component: string;
  readonly namespace: string;
  /** Key of the hashes; from the inventory. */
  readonly salt: string;
  /** They decide what of an object is applied, so another rule makes another hash. */
  readonly rules: readonly FieldRule[];
  readonly discovery: Discovery;
  readonly secrets: SecretReader;
  readonly cluster: Cluster;
}

/**
 * Prepares rendered objects.
 *
 * @throws {ApplyError} `unknown-kind` for a kind that neither the cluster nor a CRD in the set knows, `duplicate`
 * when a realized object is also written out.
 * @throws {KindError} when an object of Plumb's own kinds can't be realized.
 */
export async function prepare(
  rendered: readonly DesiredObject[],
  options: PrepareOptions,
): Promise<PreparedObject[]> {
  const defined = definedResources(rendered);
  const context = contextOf(rendered, options);
  const realized =
    (await Promise.all(rendered.map((desired) => realize(desired, context, options)))).flat();
  const scoped = realized.map((item) => {
    const { desired, external } = item;
    if (external !== undefined) {
      return { ...item, resource: externalResource(external), object: external.object };
    }
    const resource = resourceOf(desired, options.discovery, defined);
    const object = placeAndLabel(desired.object, resource, options);
    return { ...item, resource, object: encodeSecret(object, desired) };
  });
  refuseDuplicates(scoped.map(({ object, desired }) => ({ object, desired })));
  const contents = hashContents(scoped.map(({ object }) => object), options.salt);
  return scoped.map(({ desired, object, resource, retain, generated, sources, external }) => {
    const final = withConfigHash(object, contents, options.salt);
    return {
      object: final,
      provenance: desired.provenance,
      lineOf: (path) => desired.lineOf(path),
      reference: referenceOf(final),
      resource,
      hash: hashOf([final, options.rules], options.salt),
      retain,
      sources,
      ...(generated === undefined ? {} : { generated }),
      ...(external === undefined ? {} : { external }),
    };
  });
}

/** The resources that CRDs of the set will bring. */
function definedResources(rendered: readonly DesiredObject[]): ReadonlyMap<string, Resource> {
  const resources = new Map<string, Resource>();
  for (const { object } of rendered) {
    if (object.kind !== "CustomResourceDefinition" || !isMap(object["spec"])) continue;
    const { group, names, scope, versions } = object["spec"];
    if (!isMap(names) || !Array.isArray(versions)) continue;
    for (const version of versions) {
      if (!isMap(version)) continue;
      const resource: Resource = {
        group: String(group),
        version: String(version["name"]),
        kind: String(names["kind"]),
        plural: String(names["plural"]),
        namespaced: scope === "Namespaced",
      };
      resources.set(`${resource.group}/${resource.version}/${resource.kind}`, resource);
    }
  }
  return resources;
}

function resourceOf(
  { object, provenance }: DesiredObject,
  discovery: Discovery,
  defined: ReadonlyMap<string, Resource>,
): Resource {
  const kind = groupVersionKind(object);
  const resource = defined.get(`${kind.group}/${kind.version}/${kind.kind}`) ??
    discovery.find(kind);
  if (resource === undefined) {
    throw new ApplyError(
      "unknown-kind",
      `The cluster does not know ${object.kind} of ${object.apiVersion}`,
      {
        place: { ...provenance, object: describe(referenceOf(object)) },
        hint: discovery.find({ group: kind.group, kind: kind.kind }) === undefined
          ? "Install its CustomResourceDefinition first, or add it to the component."
          : "The cluster serves this kind in another version: change apiVersion.",
      },
    );
  }
  return resource;
}

/** Sets or removes the namespace as the kind's scope asks, and marks the object as a member of the component. */
function placeAndLabel(
  object: KubernetesObject,
  resource: Resource,
  { component, namespace }: PrepareOptions,
): KubernetesObject {
  const metadata: ObjectMeta = {
    ...object.metadata,
    labels: { ...object.metadata.labels, [APPLYSET.partOf]: applySetId(component) },
  };
  if (resource.namespaced) metadata.namespace = object.metadata.namespace ?? namespace;
  else delete metadata.namespace;
  return withoutAggregatedRules({ ...object, metadata });
}

/** A controller of the cluster fills the rules of an aggregated ClusterRole; what a manifest says there is overwritten. */
function withoutAggregatedRules(object: KubernetesObject): KubernetesObject {
  if (object.kind !== "ClusterRole" || !isMap(object["aggregationRule"])) return object;
  const { rules: _, ...rest } = object;
  return rest as KubernetesObject;
}

function refuseDuplicates(items: readonly { object: KubernetesObject; desired: DesiredObject }[]) {
  const seen = new Map<string, DesiredObject>();
  for (const { object, desired } of items) {
    const key = keyOf(referenceOf(object));
    const first = seen.get(key);
    if (first !== undefined) {
      throw new ApplyError("duplicate", `${describe(referenceOf(object))} is declared twice`, {
        place: desired.provenance,
        hint:
          `The other place is ${first.provenance.file}:${first.provenance.line}. Keep one of them.`,
      });
    }
    seen.set(key, desired);
  }
}

/** Hashes of what ConfigMaps and Secrets of the set contain, by key. */
function hashContents(
  objects: readonly KubernetesObject[],
  salt: string,
): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const object of objects) {
    if (object.apiVersion !== "v1" || (object.kind !== "ConfigMap" && object.kind !== "Secret")) {
      continue;
    }
    const { data, binaryData } = object;
    hashes.set(
      `${object.kind}/${object.metadata.namespace}/${object.metadata.name}`,
      hashOf({ data, binaryData }, salt),
    );
  }
  return hashes;
}

/** Workloads whose controller replaces pods when the template changes. A Job's template is immutable. */
const ROLLING_KINDS: ReadonlySet<string> = new Set(["Deployment", "StatefulSet", "DaemonSet"]);

/** Pods read a ConfigMap or Secret when they start, so its hash in their template makes them roll with it. */
function withConfigHash(
  object: KubernetesObject,
  contents: ReadonlyMap<string, string>,
  salt: string,
): KubernetesObject {
  if (!ROLLING_KINDS.has(object.kind) || !object.apiVersion.startsWith("apps/")) return object;
  const spec = object["spec"];
  if (!isMap(spec) || !isMap(spec["template"])) return object;
  const template = spec["template"];
  const used = [...usedConfiguration(template["spec"], object.metadata.namespace ?? "")]
    .flatMap((key) => contents.has(key) ? [`${key}=${contents.get(key)}`] : [])
    .sort();
  if (used.length === 0) return object;
  const metadata = isMap(template["metadata"]) ? template["metadata"] : {};
  const annotations = isMap(metadata["annotations"]) ? metadata["annotations"] : {};
  return {
    ...object,
    spec: {
      ...spec,
      template: {
        ...template,
        metadata: {
          ...metadata,
          annotations: { ...annotations, [ANNOTATION.configHash]: hashOf(used, salt) },
        },
      },
    },
  };
}

/** Fields of a pod's spec that name a ConfigMap or a Secret: the field, the kind, and where the name is. */
const CONFIGURATION_FIELDS: Readonly<Record<string, readonly [kind: string, nameField: string]>> = {
  configMap: ["ConfigMap", "name"],
  configMapRef: ["ConfigMap", "name"],
  configMapKeyRef: ["ConfigMap", "name"],
  secret: ["Secret", "secretName"],
  secretRef: ["Secret", "name"],
  secretKeyRef: ["Secret", "name"],
};

function usedConfiguration(
  value: unknown,
  namespace: string,
  found = new Set<string>(),
): Set<string> {
  if (Array.isArray(value)) {
    for (const item of value) usedConfiguration(item, namespace, found);
  } else if (isMap(value)) {
    for (const [field, child] of Object.entries(value)) {
      const known = CONFIGURATION_FIELDS[field];
      if (known !== undefined && isMap(child)) {
        // A projected volume names its Secret by `name`, a plain one by `secretName`.
        const name = child[known[1]] ?? child["name"];
        if (typeof name === "string") found.add(`${known[0]}/${namespace}/${name}`);
      }
      usedConfiguration(child, namespace, found);
    }
  }
  return found;
}
