/** `PodFile`: a file with owner and mode in running pods. @module */
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { MASKED } from "../event.ts";
import { API_VERSION } from "../names.ts";
import { describe, type KubernetesObject, referenceOf } from "../object.ts";
import type { FieldDifference } from "../plan/types.ts";
import type { DesiredObject } from "../render/types.ts";
import {
  type Expansion,
  type ExternalState,
  type Handle,
  type KindContext,
  KindError,
  metadata,
  parseDeclaration,
  type RealizedKind,
  type Remainder,
} from "./kind.ts";
import {
  type Container,
  containersOf,
  type LiveFile,
  MAX_FILE_BYTES,
  readFile,
  removeFile,
  writeFile,
} from "./pod_shell.ts";
import { environmentFile } from "./service_environment.ts";

const path = z.string().regex(/^\/[^\0\n]+[^/\0\n]$/, "must be an absolute path of a file")
  .refine((text) => !text.split("/").some((step) => step === ".." || step === "."), {
    message: "must not go through . or ..",
  });

const pods = z.strictObject({
  namespace: z.string().min(1),
  selector: z.record(z.string(), z.string()).refine((labels) => Object.keys(labels).length > 0, {
    message: "must name a label",
  }),
  container: z.string().min(1).optional(),
  required: z.boolean().default(false).meta({
    description:
      "Whether a run fails where there is no such pod. Otherwise a later run does the work.",
  }),
});

const schema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal("PodFile"),
  metadata,
  spec: z.strictObject({
    pod: pods.meta({ description: "All ready pods with these labels." }),
    path,
    owner: z.string().regex(/^[\w.-]+(:[\w.-]+)?$/, "must be a user, or user:group").optional(),
    mode: z.string().regex(/^[0-7]{3}$/, 'must be three octal digits, such as "600"').default(
      "600",
    ),
    content: z.string().refine((text) => bytesIn(text) <= MAX_FILE_BYTES, {
      message: `must not be longer than ${MAX_FILE_BYTES} bytes`,
    }).optional(),
    environment: z.strictObject({ syntax: z.enum(["posix", "fish"]) }).optional().meta({
      description: "The variables of all services of the platform, for a shell.",
    }),
    line: z.string().regex(/^[^\r\n\0]+$/, "must be one line").optional().meta({
      description:
        "Only this line is ours, everything else in the file stays, and so do its owner and mode.",
    }),
  }).refine(
    ({ content, environment, line }) =>
      [content, environment, line].filter((given) => given !== undefined).length === 1,
    {
      message: "needs one of content, environment and line",
    },
  ),
});
type Spec = z.output<typeof schema>["spec"];

function bytesIn(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}

const handleSchema = z.object({
  pod: pods,
  path: z.string(),
  kind: z.enum(["content", "environment", "line"]),
  /** Of the content that was written; the line itself; the syntax. */
  mark: z.string(),
  namespace: z.string(),
});

/** Between two tries to reach a pod that comes and goes. */
const RETRY_MILLISECONDS = 1_000;
const PATIENCE_MILLISECONDS = 30_000;

function expand(declaration: DesiredObject, context: KindContext): Promise<Expansion> {
  const { metadata: { name, namespace, annotations }, spec } = parseDeclaration(
    schema,
    declaration,
  );
  const place = { ...declaration.provenance, object: describe(referenceOf(declaration.object)) };
  const shown: KubernetesObject = {
    apiVersion: API_VERSION,
    kind: "PodFile",
    metadata: { name, namespace, ...(annotations === undefined ? {} : { annotations }) },
    // What a file holds may be secret.
    spec: spec.content === undefined ? spec : { ...spec, content: MASKED },
  };
  const file = new File(spec, context, place);
  return Promise.resolve({
    external: {
      object: shown,
      handle: { pod: spec.pod, path: spec.path, namespace, ...markOf(spec) },
      observe: () => file.observe(),
      apply: () => file.apply(),
    },
    sources: [],
    retain: false,
  });
}

function markOf({ content, environment, line }: Spec): { kind: string; mark: string } {
  if (content !== undefined) return { kind: "content", mark: hashOf(content) };
  return environment !== undefined
    ? { kind: "environment", mark: environment.syntax }
    : { kind: "line", mark: line ?? "" };
}

function hashOf(content: string): string {
  return createHash("sha256").update(content).digest("base64url");
}

/** One declared file, in all pods that it is for. */
class File {
  readonly #spec: Spec;
  readonly #context: KindContext;
  readonly #place: KindError["place"];

  constructor(spec: Spec, context: KindContext, place: KindError["place"]) {
    this.#spec = spec;
    this.#context = context;
    this.#place = place;
  }

  async observe(): Promise<ExternalState> {
    const containers = await containersOf(this.#context.cluster, this.#spec.pod);
    if (containers.length === 0) return this.#absentPods();
    const states = await Promise.all(containers.map((container) => this.#differences(container)));
    const found = states.find((state) => state === undefined || state.length > 0) ?? states[0];
    return found === undefined
      ? { state: "absent" }
      : { state: "present", id: this.#spec.path, differences: found };
  }

  #absentPods(): ExternalState {
    const { namespace, selector, required } = this.#spec.pod;
    const labels = Object.entries(selector).map(([name, value]) => `${name}=${value}`).join(",");
    const reason = `there is no ready pod ${labels} in namespace ${namespace}`;
    if (!required) return { state: "out-of-reach", reason };
    throw this.#error(`The file ${this.#spec.path} can't be written: ${reason}`);
  }

  /** Undefined where the file, or the line in it, is not there at all. */
  async #differences(container: Container): Promise<FieldDifference[] | undefined> {
    const live = await this.#read(container);
    const { mode, owner, line } = this.#spec;
    if (live === undefined) return undefined;
    if (line !== undefined) return linesOf(live.content).includes(line) ? [] : undefined;
    return [
      ...(live.content === await this.#content()
        ? []
        : [fieldOf(this.#spec.content === undefined ? "environment" : "content", MASKED, MASKED)]),
      ...(live.mode === mode ? [] : [fieldOf("mode", live.mode, mode)]),
      ...(owner === undefined ||
          live.owners.some((own) => own === owner || own.split(":")[0] === owner)
        ? []
        : [fieldOf("owner", live.owners.at(-1), owner)]),
    ];
  }

  /** A pod may go while one writes: its successor gets the file then. */
  async apply(): Promise<string> {
    const end = performance.now() + PATIENCE_MILLISECONDS;
    for (;;) {
      try {
        const containers = await containersOf(this.#context.cluster, this.#spec.pod);
        if (containers.length === 0) throw new Error("there is no ready pod");
        for (const container of containers) await this.#write(container);
        return this.#spec.path;
      } catch (cause) {
        if (cause instanceof KindError) throw cause;
        const passing = cause instanceof Error && cause.name !== "PodShellError";
        if (!passing || performance.now() > end) throw this.#failed(cause);
        await delay(RETRY_MILLISECONDS);
      }
    }
  }

  async #write(container: Container): Promise<void> {
    const { cluster } = this.#context;
    const { path, mode, owner = "", line } = this.#spec;
    if (line === undefined) {
      return await writeFile(cluster, container, {
        path,
        mode,
        owner,
        content: await this.#content(),
      });
    }
    const live = await readFile(cluster, container, path);
    const before = live?.content ?? "";
    if (linesOf(before).includes(line)) return;
    const content = `${before}${before === "" || before.endsWith("\n") ? "" : "\n"}${line}\n`;
    await writeFile(cluster, container, {
      path,
      mode: live?.mode ?? "644",
      owner: live?.owners[0] ?? owner,
      content,
    });
  }

  async #content(): Promise<string> {
    const { content, environment } = this.#spec;
    if (environment === undefined) return content ?? "";
    const { cluster, declared } = this.#context;
    return await environmentFile({
      cluster,
      reader: this.#context,
      syntax: environment.syntax,
      declared: declared.map(({ object }) => object),
    });
  }

  async #read(container: Container): Promise<LiveFile | undefined> {
    try {
      return await readFile(this.#context.cluster, container, this.#spec.path);
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  #failed(cause: unknown): KindError {
    const words = cause instanceof Error ? cause.message : String(cause);
    return this.#error(`The file ${this.#spec.path} can't be read or written: ${words}`);
  }

  #error(message: string): KindError {
    const { namespace } = this.#spec.pod;
    return new KindError("unreachable", message, {
      ...(this.#place === undefined ? {} : { place: this.#place }),
      hint:
        `Look at the pods: kubectl get pods --namespace ${namespace}. The container needs sh, and rights in that folder.`,
    });
  }
}

function linesOf(content: string): string[] {
  return content.split("\n");
}

function fieldOf(name: string, live: unknown, desired: unknown): FieldDifference {
  return {
    path: [{ field: "spec" }, { field: name }],
    difference: live === undefined ? "added" : "changed",
    live,
    desired,
    owner: undefined,
  };
}

/** Takes away what is ours, and only that. */
async function remove(handle: Handle, context: KindContext): Promise<Remainder | undefined> {
  const { pod, path, kind, mark, namespace } = handleSchema.parse(handle);
  const { cluster } = context;
  const containers = await containersOf(cluster, pod);
  if (containers.length === 0) return { reason: "its pod is not there", later: true };
  for (const container of containers) {
    const live = await readFile(cluster, container, path);
    if (live === undefined) continue;
    if (kind === "content") {
      if (hashOf(live.content) !== mark) {
        return { reason: "somebody has changed the file", later: false };
      }
      await removeFile(cluster, container, path);
      continue;
    }
    const content = kind === "line"
      ? linesOf(live.content).filter((line) => line !== mark).join("\n")
      : await environmentFile({
        cluster,
        reader: context,
        syntax: mark === "fish" ? "fish" : "posix",
        declared: [],
        without: namespace,
      });
    await writeFile(cluster, container, {
      path,
      mode: live.mode,
      owner: live.owners[0] ?? "",
      content,
    });
  }
  return undefined;
}

/** A line that was there before reads something for others, too. */
function isShared(handle: Handle): boolean {
  return handleSchema.parse(handle).kind === "line";
}

/** The kind `PodFile`. */
export const podFile: RealizedKind = { kind: "PodFile", schema, expand, remove, isShared };
