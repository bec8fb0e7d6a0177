/**
 * One Lease per component: any number of runs on any number of machines never write to the same component at once.
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Cluster, ClusterError, LEASES } from "../cluster/mod.ts";
import { SYSTEM_NAMESPACE } from "../names.ts";
import type { KubernetesObject } from "../object.ts";
import { ApplyError } from "./errors.ts";
import { ensureSystemNamespace } from "./inventory.ts";

/** A holder that has not renewed for so long is taken to be gone. */
const DURATION_SECONDS = 10;
const RENEW_MILLISECONDS = 3_000;
const POLL_MILLISECONDS = 500;
/** A renewal older than this is stale: both times are by the clock of the API server, or nearly so. */
const ANCIENT_MILLISECONDS = 10 * 60_000;
/** For who only looks: a holder that is silent for longer is gone, whatever the answers took. */
const RECENT_MILLISECONDS = 60_000 + DURATION_SECONDS * 1000;

/** Somebody else is at work on the component. */
export interface HeldLease {
  readonly holder: string;
  /** When the holder acquired it, RFC 3339. */
  readonly since: string | undefined;
}

/** A held lease. Check it before each write, and release it at the end. */
export class Lease implements AsyncDisposable {
  readonly #cluster: Cluster;
  #object: KubernetesObject;
  #renewed = moment();
  #lost: string | undefined;
  #released = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewal: Promise<void> | undefined;

  private constructor(cluster: Cluster, object: KubernetesObject) {
    // An interrupted run still has to renew its lease while it finishes, and to give it back; and a renewal must
    // not wait behind writes that take long.
    this.#cluster = cluster.uninterrupted({ urgent: true });
    this.#object = object;
    this.#schedule();
  }

  /**
   * Takes the lease of a component, unless a live run holds it.
   *
   * Whether a holder lives is judged by watching it for one lease duration, not by comparing clocks, so a
   * run that was killed delays the next by at most {@link DURATION_SECONDS}.
   */
  static async acquire(
    cluster: Cluster,
    component: string,
    options: { readonly identity: string; readonly signal?: AbortSignal | undefined },
  ): Promise<Lease | HeldLease> {
    const name = `component-${component}`;
    for (;;) {
      const current = await cluster.get(LEASES, { namespace: SYSTEM_NAMESPACE, name });
      try {
        if (current === undefined) {
          await ensureSystemNamespace(cluster);
          return new Lease(
            cluster,
            await cluster.create(LEASES, leaseObject(cluster, name, options.identity)),
          );
        }
        const abandoned = await findAbandoned(cluster, current, options.signal);
        if (abandoned === undefined) {
          const { holderIdentity, acquireTime } = specOf(current);
          return { holder: holderIdentity ?? "somebody", since: acquireTime };
        }
        const taken = leaseObject(cluster, name, options.identity);
        taken.metadata.resourceVersion = abandoned.metadata.resourceVersion ?? "";
        return new Lease(cluster, await cluster.update(LEASES, taken));
      } catch (error) {
        // Somebody was quicker: look again at who it is.
        if (!(error instanceof ClusterError && (error.status === 409 || error.status === 404))) {
          throw error;
        }
      }
    }
  }

  /** Who is at work on a component, as far as it can be told without waiting: somebody who has renewed lately. */
  static async holderOf(cluster: Cluster, component: string): Promise<HeldLease | undefined> {
    const name = `component-${component}`;
    const lease = await cluster.get(LEASES, { namespace: SYSTEM_NAMESPACE, name });
    if (lease === undefined) return undefined;
    const { holderIdentity, acquireTime, renewTime } = specOf(lease);
    const silent = cluster.now() - Date.parse(renewTime ?? "");
    if (!holderIdentity || silent > RECENT_MILLISECONDS) return undefined;
    return { holder: holderIdentity, since: acquireTime };
  }

  /**
   * Call before each write.
   *
   * @throws {ApplyError} `lease-lost`
   */
  assertHeld(): void {
    const silent = since(this.#renewed);
    if (this.#lost === undefined && silent > DURATION_SECONDS * 1000) {
      this.#lost = `it could not be renewed for ${Math.round(silent / 1000)} s`;
    }
    if (this.#lost !== undefined) {
      throw new ApplyError("lease-lost", `The lease was lost: ${this.#lost}`, {
        place: { object: `Lease ${SYSTEM_NAMESPACE}/${this.#object.metadata.name}` },
        hint: "Nothing was written since. Run again: the next run finishes the work.",
      });
    }
  }

  /** Gives the lease back, so that the next run need not wait. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#released = true;
    clearTimeout(this.#timer);
    await this.#renewal;
    const expired = since(this.#renewed) > DURATION_SECONDS * 1000;
    if (this.#lost !== undefined || expired) return;
    this.#lost = "it was released";
    const released = structuredClone(this.#object);
    released["spec"] = { ...specOf(released), holderIdentity: "", leaseDurationSeconds: 1 };
    await this.#cluster.update(LEASES, released).catch(() => {
      // Who can't give it back (no network, taken over) leaves it to expire.
    });
  }

  #schedule(): void {
    if (this.#released) return;
    this.#timer = setTimeout(() => {
      this.#renewal = this.#renew();
    }, RENEW_MILLISECONDS);
  }

  async #renew(): Promise<void> {
    const renewed = structuredClone(this.#object);
    renewed["spec"] = { ...specOf(renewed), renewTime: microTime(this.#cluster) };
    try {
      this.#object = await this.#cluster.update(LEASES, renewed);
      this.#renewed = moment();
    } catch (error) {
      if (error instanceof ClusterError && (error.status === 409 || error.status === 404)) {
        this.#lost = "another run took it over";
        return;
      }
    }
    this.#schedule();
  }
}

interface Moment {
  readonly wall: number;
  readonly steady: number;
}

function moment(): Moment {
  return { wall: Date.now(), steady: performance.now() };
}

/** Milliseconds. One clock may be set back, and the other stands still while the machine sleeps. */
function since({ wall, steady }: Moment): number {
  return Math.max(Date.now() - wall, performance.now() - steady);
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly acquireTime?: string;
  readonly renewTime?: string;
}

function specOf(lease: KubernetesObject): LeaseSpec {
  return (lease["spec"] ?? {}) as LeaseSpec;
}

function leaseObject(cluster: Cluster, name: string, identity: string): KubernetesObject {
  const now = microTime(cluster);
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name, namespace: SYSTEM_NAMESPACE },
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: DURATION_SECONDS,
      acquireTime: now,
      renewTime: now,
    },
  };
}

/** MicroTime of the Kubernetes API: RFC 3339 with six digits. */
function microTime(cluster: Cluster): string {
  return new Date(cluster.now()).toISOString().replace("Z", "000Z");
}

/** The lease as it may be taken over: nobody holds it, or its holder shows no life for one lease duration. */
async function findAbandoned(
  cluster: Cluster,
  lease: KubernetesObject,
  signal: AbortSignal | undefined,
): Promise<KubernetesObject | undefined> {
  const { holderIdentity, renewTime } = specOf(lease);
  if (!holderIdentity) return lease;
  if (cluster.now() - Date.parse(renewTime ?? "") > ANCIENT_MILLISECONDS) return lease;
  const { namespace, name } = lease.metadata;
  for (let waited = 0; waited < DURATION_SECONDS * 1000; waited += POLL_MILLISECONDS) {
    await delay(POLL_MILLISECONDS, undefined, { signal });
    const now = await cluster.get(LEASES, { namespace, name });
    if (now === undefined || !specOf(now).holderIdentity) return now ?? lease;
    if (now.metadata.resourceVersion !== lease.metadata.resourceVersion) return undefined;
  }
  return lease;
}
