/** Commands in containers. @module */
import { PassThrough, Writable } from "node:stream";
import { z } from "zod";
import type { Cluster } from "./cluster.ts";
import { ClusterError } from "./errors.ts";
import { officialClient } from "./official.ts";

/** What to run, and where. */
export interface ExecOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** A program and its arguments: no shell reads them. */
  readonly command: readonly string[];
  /** Sent to the command. It does not see an end of its input, so it must know how much it is to read. */
  readonly input?: Uint8Array | undefined;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** What a command said, and how it ended. */
export interface ExecResult {
  readonly code: number;
  readonly output: Uint8Array<ArrayBuffer>;
  readonly errors: string;
}

const TIMEOUT_MILLISECONDS = 30_000;
const MAX_BYTES = 8 * 1024 * 1024;

const status = z.object({
  status: z.string().optional(),
  message: z.string().optional(),
  details: z.object({
    causes: z.array(z.object({ reason: z.string().optional(), message: z.string().optional() }))
      .optional(),
  }).optional(),
});

/**
 * Runs a command in a container of a pod.
 *
 * @throws {ClusterError} `unreachable` when the command could not be run or has not ended in time.
 */
export async function execIn(cluster: Cluster, options: ExecOptions): Promise<ExecResult> {
  const { namespace, pod, container, command, input, timeout = TIMEOUT_MILLISECONDS } = options;
  const what = `run ${command[0]} in pod ${namespace}/${pod}`;
  const { client, config } = await officialClient(cluster);
  const [output, errors] = [new Collector(), new Collector()];
  const stdin = input === undefined ? null : new PassThrough();
  const ended = Promise.withResolvers<number>();
  const fail = (reason: unknown) =>
    ended.reject(
      reason instanceof ClusterError ? reason : new ClusterError(
        "unreachable",
        `${what}: ${reason instanceof Error ? reason.message : "the connection broke off"}`,
        { cause: reason },
      ),
    );
  const timer = setTimeout(() => fail(new Error(`not ended within ${timeout / 1000} s`)), timeout);
  let socket: { close(): void } | undefined;
  try {
    const connection = await new client.Exec(config).exec(
      namespace,
      pod,
      container,
      [...command],
      output,
      errors,
      stdin,
      false,
      (answer) => codeOf(answer, ended.resolve, fail),
    );
    socket = connection;
    connection.onclose = () => fail(new Error("the connection broke off"));
    connection.onerror = () => fail(new Error("the connection broke off"));
    stdin?.write(input);
    const code = await ended.promise;
    return { code, output: output.bytes(), errors: new TextDecoder().decode(errors.bytes()) };
  } catch (error) {
    if (error instanceof ClusterError) throw error;
    throw new ClusterError("unreachable", `${what}: ${messageOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
    socket?.close();
  }
}

/** What the WebSocket library throws is an event, with the message somewhere in it. */
function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  const found = z.object({ message: z.string() }).safeParse(error);
  return found.data?.message ?? "the connection was refused";
}

function codeOf(
  answer: unknown,
  resolve: (code: number) => void,
  fail: (reason: unknown) => void,
): void {
  const { success, data } = status.safeParse(answer);
  if (!success) return fail(new Error("the answer can't be read"));
  if (data.status === "Success") return resolve(0);
  const code = data.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  if (code === undefined) return fail(new Error(data.message ?? "the command could not be run"));
  resolve(Number(code));
}

/** Takes what is written, up to a limit. */
class Collector extends Writable {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    this.#length += chunk.byteLength;
    if (this.#length > MAX_BYTES) return done(new Error("the output is too long"));
    this.#chunks.push(new Uint8Array(chunk));
    done();
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length);
    let offset = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, offset);
      offset += chunk.byteLength;
    }
    return all;
  }
}
