/** From declarations to objects of the cluster, and to what lives outside of its API. @module */
import type { Cluster, Resource } from "../cluster/mod.ts";
import {
  type ExternalObject,
  type KindContext,
  realizedKinds,
  type SecretReader,
} from "../kinds/mod.ts";
import { API_GROUP, API_VERSION } from "../names.ts";
import type { Member } from "../plan/mod.ts";
import type { DesiredObject } from "../render/mod.ts";

/** What realizing needs to know. */
export interface RealizeOptions {
  readonly cluster: Cluster;
  readonly component: string;
  readonly namespace: string;
  readonly secrets: SecretReader;
}

/** An object that a declaration has become. */
export interface Realized {
  readonly desired: DesiredObject;
  readonly external?: ExternalObject;
  readonly retain: boolean;
  /** Of a Secret that is retained, the keys that can't be made again. */
  readonly generated?: readonly string[] | undefined;
  readonly sources: NonNullable<Member["sources"]>;
}

/** What lives outside of the cluster's API has no resource there; its group is that of Plumb's own kinds. */
export function externalResource({ object: { kind } }: ExternalObject): Resource {
  return { group: API_GROUP, version: "", kind, plural: kind.toLowerCase(), namespaced: true };
}

/** Whether a resource is not one of the cluster's API. */
export function isExternal({ group }: Pick<Resource, "group">): boolean {
  return group === API_GROUP;
}

/** What the kinds that Plumb realizes work with. */
export function contextOf(
  rendered: readonly DesiredObject[],
  { cluster, component, namespace, secrets }: RealizeOptions,
): KindContext {
  return {
    readSecret: (namespace, name) => secrets.readSecret(namespace, name),
    cluster,
    component,
    declared: rendered.map((desired) => inNamespace(desired, namespace)),
  };
}

function inNamespace(desired: DesiredObject, namespace: string): DesiredObject {
  const { object } = desired;
  return { ...desired, object: { ...object, metadata: { namespace, ...object.metadata } } };
}

/** What a declaration becomes: itself, or what its kind makes of it. */
export async function realize(
  desired: DesiredObject,
  context: KindContext,
  { namespace }: RealizeOptions,
): Promise<Realized[]> {
  const { object, provenance, lineOf } = desired;
  const kind = object.apiVersion === API_VERSION ? realizedKinds.get(object.kind) : undefined;
  if (kind === undefined) return [{ desired, retain: false, sources: [] }];
  const { object: made, external, retain, generated, sources } = await kind.expand(
    inNamespace(desired, namespace),
    context,
  );
  return [
    ...(made === undefined
      ? []
      : [{ desired: { object: made, provenance, lineOf }, retain, generated, sources }]),
    ...(external === undefined
      ? []
      : [{ desired: { object: external.object, provenance, lineOf }, external, retain, sources }]),
  ];
}
