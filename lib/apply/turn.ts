/** A run's turn at a component: the lease, from its first write to its end. @module */
import type { Cluster } from "../cluster/mod.ts";
import type { Emit } from "../event.ts";
import { type HeldLease, Lease } from "./lease.ts";

/** Takes the lease when it is first needed, and keeps it. */
export class Turn implements AsyncDisposable {
  #lease: Lease | undefined;

  constructor(
    readonly cluster: Cluster,
    readonly options: {
      readonly component: { readonly name: string };
      readonly identity: string;
      readonly emit: Emit;
      readonly signal?: AbortSignal | undefined;
    },
  ) {}

  /** @returns the lease, or who holds it. */
  async take(): Promise<Lease | HeldLease> {
    if (this.#lease !== undefined) return this.#lease;
    const { component, emit } = this.options;
    emit({ type: "stage", stage: "lease" });
    const lease = await Lease.acquire(this.cluster, component.name, this.options);
    if (lease instanceof Lease) this.#lease = lease;
    return lease;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lease?.[Symbol.asyncDispose]();
  }
}
