/** What a command of the CLI is, and what it gets to work with. @module */
import type { Emit } from "../event.ts";

/** How a result is written. */
export type Output = "text" | "json" | "markdown" | "junit" | "github";

/** The world outside, as commands see it. Nothing but `main.ts` and the tests makes one. */
export interface CommandContext {
  /** Standard output. */
  write(text: string): void;
  /** Standard error. */
  writeError(text: string): void;
  /** Whether a person watches standard output and can answer. */
  readonly interactive: boolean;
  readonly color: boolean;
  /** Width of the terminal. */
  readonly columns: number;
  /** Hears each event beside the printer. */
  readonly listen?: Emit;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Folder for what can be fetched or built again. */
  readonly cache: string;
  /** Why a check of this name can't be judged here; undefined for those that can. */
  readonly unjudged?: ((check: string) => string | undefined) | undefined;
  /** Asks a person; false where nobody answers. */
  confirm(question: string): Promise<boolean>;
  /** Has a person type something; undefined where nobody answers. */
  ask(question: string): Promise<string | undefined>;
}

/** A context with somewhere to tell what happens. */
export interface RunContext extends CommandContext {
  readonly emit: Emit;
  /** Who has asked for it, where that is not who runs this process; for the lease and the journal. */
  readonly actor?: string | undefined;
  /** What tells this run from others in the lease and the journal; chance where it has no name. */
  readonly run?: string | undefined;
}

/** What `reconcile` and `diff` are told. */
export interface ReconcileOptions {
  readonly command: "reconcile" | "diff" | "undo";
  readonly mode: "apply" | "pr" | "observe";
  /** `OWNER/NAME` at GitHub, for mode pr; of the source's address when absent. */
  readonly repository?: string | undefined;
  /** Name of a component below `manifests/`. */
  readonly component?: string | undefined;
  readonly source?: string | undefined;
  readonly ref?: string | undefined;
  /** Files of keys, one of which must have signed the commit. */
  readonly signedBy?: readonly string[] | undefined;
  readonly path?: string | undefined;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly set: readonly string[];
  readonly parameters?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /** Revision that the plan is compared with, in the same repository. */
  readonly base?: string | undefined;
  /** The file of parameters as it was there; `parameters` when absent. */
  readonly baseParameters?: string | undefined;
  /** No cluster is asked; the plan is from the base to the ref. */
  readonly withoutCluster?: boolean | undefined;
  /** Number of the pull request that is told the plan. */
  readonly pullRequest?: number | undefined;
  /** File to write the plan to. */
  readonly save?: string | undefined;
  /** File of the plan that was approved. */
  readonly plan?: string | undefined;
  readonly adopt?: "unowned" | "all" | "none" | undefined;
  readonly refresh: boolean;
  readonly yes: boolean;
  readonly wait: boolean;
  /** Run the checks afterwards. */
  readonly verify?: boolean;
  /** Undo a revision that fails. */
  readonly undo?: boolean;
  /** Try a revision again that has failed. */
  readonly retry?: boolean;
  /** `HOST=ADDRESS:PORT`, for public hosts whose names don't resolve here. */
  readonly resolve?: readonly string[];
  /** File with an authority that public certificates may be signed by. */
  readonly certificateAuthority?: string | undefined;
  /** Milliseconds. */
  readonly timeout: number;
}

/** What `policy` is told. */
export type PolicyOptions = Pick<
  ReconcileOptions,
  "component" | "source" | "ref" | "path" | "name" | "namespace" | "set" | "parameters"
>;

/** What `verify` is told. */
export interface VerifyOptions extends
  Pick<
    ReconcileOptions,
    | "component"
    | "source"
    | "ref"
    | "signedBy"
    | "path"
    | "name"
    | "namespace"
    | "set"
    | "parameters"
    | "kubeconfig"
    | "context"
  > {
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly failFast: boolean;
  /** How often in all. */
  readonly repeat: number;
  /** Milliseconds between runs that go on until they are interrupted. */
  readonly watch?: number | undefined;
  /** `HOST=ADDRESS:PORT`, for public hosts whose names don't resolve here. */
  readonly resolve: readonly string[];
  /** File with an authority that public certificates may be signed by. */
  readonly certificateAuthority?: string | undefined;
}

/** One option of a command. */
export interface Option {
  readonly type: "string" | "boolean";
  readonly multiple?: boolean;
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly description: string;
  readonly default?: string | boolean;
  /** The only values that are allowed. */
  readonly choices?: readonly string[];
}

/** What was given to a command, checked against its options. */
export interface Given {
  readonly positionals: readonly string[];
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  flag(name: string): boolean;
}

/** A command, as data; what it does is imported when it runs. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  readonly description?: string;
  /** How many positional arguments there may be. */
  readonly positionals: number;
  readonly options: Readonly<Record<string, Option>>;
  readonly examples: readonly { readonly what: string; readonly line: string }[];
  /** @returns the exit code. */
  run(given: Given, context: CommandContext): Promise<number>;
}
