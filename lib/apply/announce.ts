/**
 * Kubernetes Events about a component, on its Namespace, where `kubectl get events --namespace` shows them. The same news
 * again is one Event with a higher count. Nothing depends on them: credentials that may not write them lose nothing.
 * @module
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { type Cluster, ClusterError, collectionPath, EVENTS, objectPath } from "../cluster/mod.ts";
import { PlumbError } from "../errors.ts";
import type { Emit, Event } from "../event.ts";
import { FIELD_MANAGER } from "../names.ts";
import { type Notice, noticesOf } from "./notices.ts";
import { OUT_OF_REACH } from "./remember.ts";

/** For all Events of a run: nobody should wait for them. */
const PATIENCE_MILLISECONDS = 3_000;
const NAME_CHARACTERS = 12;

/** Whose Events. */
export interface Announced {
  readonly component: string;
  readonly namespace: string;
}

/** Runs, and tells users of kubectl what came of it. */
export async function announced<Result>(
  cluster: Cluster,
  { component: { name, namespace }, source, emit }: {
    readonly component: { readonly name: string; readonly namespace: string };
    readonly source: { readonly revision: string };
    readonly emit: Emit;
  },
  run: (emit: Emit) => Promise<Result>,
): Promise<Result> {
  const events: Event[] = [];
  const tell = () =>
    announce(cluster, { component: name, namespace }, noticesOf(events, source.revision));
  try {
    const result = await run((event) => {
      events.push(event);
      emit(event);
    });
    await tell();
    return result;
  } catch (error) {
    // Who is interrupted throws something else, and who can't write the records can't write this.
    if (error instanceof PlumbError && !OUT_OF_REACH.has(error.code)) {
      events.push({ type: "error", code: error.code, message: error.message });
      await tell();
    }
    throw error;
  }
}

/** Tells users of kubectl something. Never throws. */
export async function announce(
  cluster: Cluster,
  component: Announced,
  notices: readonly Notice[],
): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  await Promise.allSettled(notices.map((notice) => post(cluster, component, notice, signal)));
}

async function post(
  cluster: Cluster,
  { component, namespace }: Announced,
  { reason, type, message }: Notice,
  signal: AbortSignal,
): Promise<void> {
  const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const hash = createHash("sha256").update(`${reason}\n${message}`).digest("hex");
  const name = `plumb-${component}.${hash.slice(0, NAME_CHARACTERS)}`;
  const what = `tell ${reason} of ${component}`;
  const send = (request: { method: "GET" | "POST" | "PATCH"; path: string; body?: unknown }) =>
    cluster.transport.send({
      what,
      signal,
      ...request,
      ...(request.method === "PATCH" ? { contentType: "application/merge-patch+json" } : {}),
    });
  const body = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name, namespace },
    involvedObject: { apiVersion: "v1", kind: "Namespace", name: namespace, namespace },
    reason,
    type,
    message: `${component}: ${message}`,
    source: { component: FIELD_MANAGER },
    reportingComponent: FIELD_MANAGER,
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
  try {
    await send({ method: "POST", path: collectionPath(EVENTS, namespace), body });
  } catch (error) {
    if (!(error instanceof ClusterError && error.reason === "AlreadyExists")) throw error;
    const path = objectPath(EVENTS, { namespace, name });
    const { count } = z.object({ count: z.int().default(1) }).parse(
      await send({ method: "GET", path }),
    );
    await send({ method: "PATCH", path, body: { count: count + 1, lastTimestamp: now } });
  }
}
