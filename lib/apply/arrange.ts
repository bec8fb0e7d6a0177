/** From what Git wants to objects that are ready to be applied, in the order of their dependences. @module */
import type { Cluster, Discovery } from "../cluster/mod.ts";
import type { Component } from "../component/mod.ts";
import { keyOf } from "../object.ts";
import { type Order, orderObjects } from "../plan/mod.ts";
import type { DesiredObject } from "../render/mod.ts";
import { prepare, type PreparedObject } from "./prepare.ts";
import { requireExternal } from "./require_external.ts";
import { readerWith, readRetained, type StoredRetained } from "./retained.ts";
import { secretReader } from "./secrets.ts";

/** What there is to arrange. */
export interface ArrangeOptions {
  readonly component: Component;
  readonly render: () => Promise<readonly DesiredObject[]>;
  /** Key of the hashes. */
  readonly salt: string;
  /** The kinds, where they are known; otherwise the cluster is asked. */
  readonly discovery: Discovery | undefined;
}

/** Objects that know their wave, and the order that it comes from. */
export interface Arranged {
  /** What a rollback has kept; its secrets are among the objects. */
  readonly retained: StoredRetained | undefined;
  readonly placed: readonly PreparedObject[];
  readonly order: Order;
}

/** Renders, realizes, and puts in order. */
export async function arrange(
  cluster: Cluster,
  { component, render, salt, discovery }: ArrangeOptions,
): Promise<Arranged> {
  const [rendered, kinds, retained] = await Promise.all([
    render(),
    discovery ?? cluster.discover(),
    readRetained(cluster, component.name),
  ]);
  const prepared = await prepare(rendered, {
    component: component.name,
    namespace: component.namespace,
    salt,
    rules: component.fields,
    discovery: kinds,
    secrets: readerWith(secretReader(cluster), retained?.retained),
    cluster,
  });
  const order = orderObjects(prepared);
  await requireExternal(cluster, order);
  const waveOf = new Map(order.waves.flatMap((keys, wave) => keys.map((key) => [key, wave])));
  const placed = prepared.map((item) => ({
    ...item,
    wave: waveOf.get(keyOf(item.reference)) ?? 0,
  }));
  return { placed, order, retained };
}
