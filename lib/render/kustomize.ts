/**
 * Renders a folder with a kustomization through the kustomize program, without remote files or plugins.
 * @module
 */
import { dirname, join } from "node:path";
import { type ComponentFile, type TextFile } from "../component/mod.ts";
import { messageOf } from "../errors.ts";
import { isMap } from "../field_path.ts";
import { parseDocument } from "../yaml.ts";
import { type Declaration, readDeclarations } from "./documents.ts";
import { RenderError } from "./errors.ts";
import { checkKustomization, isKustomization } from "./kustomization.ts";
import { decodeFile } from "./select.ts";
import type { Provenance } from "./types.ts";

/** Runs `kustomize build` on a folder and yields what it prints. */
export type Kustomize = (folder: string) => Promise<string>;

/** The kustomization at the root of a folder. */
export function findKustomization(files: readonly ComponentFile[]): ComponentFile | undefined {
  return files.find(({ path }) => isKustomization(path) && !path.includes("/"));
}

/** Where kustomize writes which file an object comes from, if it is asked to. */
const ORIGIN = "config.kubernetes.io/origin";

/**
 * Builds a folder's kustomization in a private copy, which is removed afterwards.
 *
 * @throws {RenderError} `kustomize` if there is no program, it fails, or the kustomization needs anything from
 * outside of the folder.
 */
export async function buildKustomization(
  files: readonly ComponentFile[],
  kustomization: ComponentFile,
  kustomize: Kustomize | undefined,
): Promise<Declaration[]> {
  const place = { file: kustomization.path, line: 1 };
  if (kustomize === undefined) {
    throw new RenderError(
      "kustomize",
      "The folder has a kustomization, but there is no kustomize",
      {
        place,
        hint: "Install kustomize or kubectl, and see that it is in PATH.",
      },
    );
  }
  const texts = files.filter(({ path }) => isKustomization(path)).map(decodeFile);
  for (const text of texts) checkKustomization(text, files.map(({ path }) => path));
  const root = texts.find(({ path }) => path === kustomization.path) ?? decodeFile(kustomization);
  const folder = await Deno.makeTempDir({ prefix: "plumb-kustomize-" });
  try {
    await writeFiles(folder, files);
    await Deno.writeTextFile(join(folder, root.path), withOrigins(root.text));
    const built = await kustomize(folder);
    return readDeclarations({ path: root.path, text: built })
      .map(({ value }) => traceOrigin(value, files, place));
  } catch (error) {
    if (error instanceof RenderError) throw error;
    const message = messageOf(error).replaceAll(folder, ".");
    throw new RenderError("kustomize", `kustomize failed: ${message}`, { place });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function writeFiles(folder: string, files: readonly ComponentFile[]): Promise<void> {
  for (const { path, bytes } of files) {
    const target = join(folder, path);
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.writeFile(target, bytes);
  }
}

/** Asks kustomize to tell where objects come from, unless the kustomization has wishes of its own. */
function withOrigins(text: string): string {
  const isBlock = !/^\s*\{/.test(text);
  return isBlock && !/^buildMetadata:/m.test(text)
    ? `${text}\nbuildMetadata: [originAnnotations]\n`
    : text;
}

function traceOrigin(
  value: unknown,
  files: readonly ComponentFile[],
  kustomization: Provenance,
): Declaration {
  const metadata = isMap(value) ? value["metadata"] : undefined;
  const annotations = isMap(metadata) ? metadata["annotations"] : undefined;
  let provenance = kustomization;
  if (isMap(value) && isMap(metadata) && isMap(annotations) && ORIGIN in annotations) {
    provenance = originOf(value, annotations[ORIGIN], files) ?? kustomization;
    delete annotations[ORIGIN];
    if (Object.keys(annotations).length === 0) delete metadata["annotations"];
  }
  return { value, provenance, lineOf: () => undefined };
}

function originOf(
  value: Readonly<Record<string, unknown>>,
  origin: unknown,
  files: readonly ComponentFile[],
): Provenance | undefined {
  const content = parseDocument(String(origin));
  const path = isMap(content) ? content["path"] ?? content["configuredIn"] : undefined;
  const file = files.find((candidate) => candidate.path === path);
  return file === undefined
    ? undefined
    : { file: file.path, line: lineInOrigin(decodeFile(file), value) };
}

/** The line of a document that became an object; kustomize may have changed its name. */
function lineInOrigin(file: TextFile, value: Readonly<Record<string, unknown>>): number {
  if (isKustomization(file.path)) return 1;
  const candidates = readDeclarations(file)
    .filter((candidate) => isMap(candidate.value) && candidate.value["kind"] === value["kind"]);
  const same = candidates.find((candidate) => nameOf(candidate.value) === nameOf(value));
  const only = candidates.length === 1 ? candidates[0] : undefined;
  return (same ?? only)?.provenance.line ?? 1;
}

function nameOf(value: unknown): unknown {
  const metadata = isMap(value) ? value["metadata"] : undefined;
  return isMap(metadata) ? metadata["name"] : undefined;
}
