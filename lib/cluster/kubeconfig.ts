/** Kubeconfig files: what they may say, and how several of them are one. @module */
import { load } from "js-yaml";
import { z } from "zod";
import { messageOf } from "../errors.ts";
import { ClusterError } from "./errors.ts";

const text = z.string().optional();
const clusterSchema = z.object({
  server: z.string(),
  "certificate-authority": text,
  "certificate-authority-data": text,
  "insecure-skip-tls-verify": z.boolean().optional(),
  "tls-server-name": text,
  "proxy-url": text,
});
const userSchema = z.object({
  "client-certificate": text,
  "client-certificate-data": text,
  "client-key": text,
  "client-key-data": text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  exec: z.unknown().optional(),
  "auth-provider": z.unknown().optional(),
});
const contextSchema = z.object({
  cluster: z.string(),
  user: z.string().optional(),
  namespace: text,
});
const name = z.string();
const kubeconfigSchema = z.object({
  "current-context": text,
  clusters: z.array(z.object({ name, cluster: clusterSchema.nullish() })).nullish(),
  contexts: z.array(z.object({ name, context: contextSchema.nullish() })).nullish(),
  users: z.array(z.object({ name, user: userSchema.nullish() })).nullish(),
});

/** A cluster of a kubeconfig. */
export type ClusterEntry = z.output<typeof clusterSchema>;
/** A user of a kubeconfig. */
export type UserEntry = z.output<typeof userSchema>;

/** A kubeconfig file. */
export interface KubeconfigFile {
  readonly path: string;
  readonly content: z.output<typeof kubeconfigSchema>;
}

/**
 * Reads one file; undefined when it is not there.
 *
 * @throws {ClusterError} `kubeconfig`
 */
export async function readKubeconfig(path: string): Promise<KubeconfigFile | undefined> {
  let source: string;
  try {
    source = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new ClusterError("kubeconfig", `The kubeconfig can't be read: ${messageOf(error)}`, {
      place: { file: path },
      cause: error,
    });
  }
  try {
    return { path, content: kubeconfigSchema.parse(load(source) ?? {}) };
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : "it is not YAML";
    throw new ClusterError("kubeconfig", `The kubeconfig is not valid: ${reason}`, {
      place: { file: path },
    });
  }
}

/** The first entry of that name in the files, as kubectl merges them. */
export function findEntry<Entry>(
  files: readonly KubeconfigFile[],
  wanted: string | undefined,
  what: "cluster" | "context" | "user",
  entriesOf: (
    content: KubeconfigFile["content"],
  ) => [string, Entry | null | undefined][] | undefined,
): { readonly entry: Entry; readonly path: string } {
  const known: string[] = [];
  for (const { path, content } of files) {
    for (const [name, entry] of entriesOf(content) ?? []) {
      known.push(name);
      if (name === wanted && entry) return { entry, path };
    }
  }
  throw new ClusterError(
    "kubeconfig",
    wanted === undefined
      ? "The kubeconfig has no current context"
      : `The kubeconfig has no ${what} ${wanted}`,
    {
      place: { file: files.map(({ path }) => path).join(":") },
      hint: known.length === 0 ? `It has no ${what} at all.` : `It has: ${known.join(", ")}.`,
    },
  );
}
