/** Files in running containers, read and written by a fixed script whose values are its arguments. @module */
import { z } from "zod";
import { type Cluster, execIn, type ExecResult, PODS } from "../cluster/mod.ts";

/** Which pods, and which of their containers; the first by default. */
export interface PodSelection {
  readonly namespace: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly container?: string | undefined;
}

/** A container. */
export interface Container {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** A file as it is. */
export interface LiveFile {
  /** Octal, without leading zeros. */
  readonly mode: string;
  /** As numbers and as names: `1000:1000`, `ada:staff`. */
  readonly owners: readonly string[];
  readonly content: string;
}

/** Why a file can't be read or written, in words. */
export class PodShellError extends Error {
  override readonly name = "PodShellError";
}

/** Longest file that is read or written. */
export const MAX_FILE_BYTES = 1024 * 1024;

const READ = `set -eu
[ ! -L "$1" ] || { echo 'it is a symbolic link' >&2; exit 65; }
[ -e "$1" ] || { echo absent; exit 0; }
[ -f "$1" ] || { echo 'it is no file' >&2; exit 65; }
stat -c '%a %u:%g %U:%G' "$1"
head -c "$2" "$1"`;

/** The new file takes the place of the old one all at once, and nobody else can read it before it has its mode. */
const WRITE = `set -eu
umask 077
path=$1 mode=$2 owner=$3 length=$4
[ ! -L "$path" ] || { echo 'it is a symbolic link' >&2; exit 65; }
folder=\${path%/*}
mkdir -p "$folder"
temporary=$(mktemp "$folder/.plumb.XXXXXX")
trap 'rm -f "$temporary"' EXIT
head -c "$length" > "$temporary"
[ "$(wc -c < "$temporary")" -eq "$length" ]
[ -z "$owner" ] || chown "$owner" "$temporary"
chmod "$mode" "$temporary"
mv -f "$temporary" "$path"`;

const REMOVE = `set -eu
[ ! -L "$1" ] || { echo 'it is a symbolic link' >&2; exit 65; }
rm -f "$1"`;

/** Reads a file; undefined if there is none. */
export async function readFile(
  cluster: Cluster,
  container: Container,
  path: string,
): Promise<LiveFile | undefined> {
  const { output } = await run(cluster, container, [READ, "sh", path, String(MAX_FILE_BYTES + 1)]);
  const text = new TextDecoder().decode(output);
  const end = text.indexOf("\n");
  const [mode, ...owners] = text.slice(0, end).split(" ");
  if (mode === undefined || mode === "absent") return undefined;
  const content = text.slice(end + 1);
  if (new TextEncoder().encode(content).byteLength > MAX_FILE_BYTES) {
    throw new PodShellError(`it is longer than ${MAX_FILE_BYTES} bytes`);
  }
  return { mode, owners, content };
}

/** Writes a file, and the folders above it. */
export async function writeFile(
  cluster: Cluster,
  container: Container,
  { path, mode, owner, content }: {
    readonly path: string;
    readonly mode: string;
    /** Empty: whoever the container runs as. */
    readonly owner: string;
    readonly content: string;
  },
): Promise<void> {
  const input = new TextEncoder().encode(content);
  await run(cluster, container, [WRITE, "sh", path, mode, owner, String(input.byteLength)], input);
}

/** Removes a file, if there is one. */
export async function removeFile(
  cluster: Cluster,
  container: Container,
  path: string,
): Promise<void> {
  await run(cluster, container, [REMOVE, "sh", path]);
}

async function run(
  cluster: Cluster,
  container: Container,
  args: readonly string[],
  input?: Uint8Array,
): Promise<ExecResult> {
  const result = await execIn(cluster, { ...container, command: ["sh", "-c", ...args], input });
  if (result.code === 0) return result;
  const said = result.errors.trim().split("\n").at(-1) ?? "";
  throw new PodShellError(
    said === "" ? `the shell ends with code ${result.code}` : said.slice(0, 300),
  );
}

const podSchema = z.object({
  metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
  spec: z.object({ containers: z.array(z.object({ name: z.string() })).min(1) }),
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish(),
  }).optional(),
});

/** The containers of ready pods. */
export async function containersOf(
  cluster: Cluster,
  { namespace, selector, container }: PodSelection,
): Promise<Container[]> {
  const labelSelector = Object.entries(selector).map(([name, value]) => `${name}=${value}`).join(
    ",",
  );
  const found = (await cluster.list(PODS, { namespace, labelSelector })).map((pod) =>
    podSchema.parse(pod)
  );
  return found.filter(({ metadata, status }) =>
    metadata.deletionTimestamp === undefined &&
    status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")
  ).map(({ metadata, spec }) => ({
    namespace,
    pod: metadata.name,
    container: container ?? spec.containers[0]?.name ?? "",
  }));
}
