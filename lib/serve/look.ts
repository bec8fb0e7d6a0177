/** What the server finds out about components; the CLI hands over how. @module */
import type { ComponentView, HeldLease, Journal } from "../apply/mod.ts";
import type { Board, ComponentDetail, ComponentList, Revision } from "./contract.ts";

/** What Git says of a component beside its objects. */
export interface Declared {
  readonly namespace: string;
  readonly description: string | undefined;
  readonly revision: Revision;
  readonly requirements: ComponentDetail["requirements"];
  readonly parameters: ComponentDetail["parameters"];
  /** Absent when it says nothing about verification. */
  readonly checks:
    | readonly Pick<Board["checks"][number], "name" | "title" | "proves">[]
    | undefined;
  /** What is wrong with its settings of verification. */
  readonly checksError?: unknown;
  /** Why it can't be proposed to. */
  readonly notProposable: string | undefined;
}

/** Everything about one component, at one time. */
export interface Look {
  readonly name: string;
  /** Absent when Git does not have it any more, or it can't be read. */
  readonly declared: Declared | undefined;
  /** Without `declared`, or with an error, what the cluster's records say. Absent when not even they could be read. */
  readonly view: ComponentView | undefined;
  /** Deployed from a source that this server does not read. */
  readonly isElsewhere: boolean;
  readonly journal: Journal;
  readonly lease: HeldLease | undefined;
  readonly schedule: ComponentList["components"][number]["schedule"];
  /** Why something of it is missing. */
  readonly error: unknown;
}

/** Which components there are. */
export interface Listing {
  readonly source: Omit<ComponentList["source"], "error">;
  /** Of the source. */
  readonly declared: readonly string[];
  /** Of the cluster's inventories. */
  readonly deployed: readonly string[];
  readonly sourceError: unknown;
  readonly clusterError: unknown;
}

/** Finds out. */
export interface Eyes {
  list(): Promise<Listing>;
  look(component: string): Promise<Look>;
}
