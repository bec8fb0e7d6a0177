/**
 * Refuses kustomizations that reach out of their folder: kustomize would fetch what it doesn't find.
 * @module
 */
import { basename, dirname, join } from "node:path/posix";
import type { TextFile } from "../component/mod.ts";
import { isMap } from "../field_path.ts";
import { lineAt } from "../yaml_lines.ts";
import { readDeclarations } from "./documents.ts";
import { RenderError } from "./errors.ts";
import { expandValue } from "./value.ts";

const NAMES: ReadonlySet<string> = new Set([
  "kustomization.yaml",
  "kustomization.yml",
  "Kustomization",
]);

/** Whether kustomize takes a file for a kustomization, by its name. */
export function isKustomization(path: string): boolean {
  return NAMES.has(basename(path));
}

/** Fields whose entries name files or folders, which kustomize fetches from elsewhere if they are not there. */
const RESOURCE_FIELDS = [
  "resources",
  "bases",
  "components",
  "crds",
  "configurations",
  "generators",
  "transformers",
  "validators",
  "patchesStrategicMerge",
];

/** Fields that make kustomize run helm. */
const HELM_FIELDS = ["helmCharts", "helmChartInflationGenerator", "helmGlobals"];

/**
 * Checks one kustomization.
 *
 * @param paths all files of the component's folder.
 * @throws {RenderError} `kustomize`, with the line.
 */
export function checkKustomization(file: TextFile, paths: readonly string[]): void {
  const [declaration] = readDeclarations(file);
  const content = declaration === undefined ? undefined : expandValue(declaration);
  if (!isMap(content)) throw refused(file, [], "A kustomization must be a map");
  for (const field of HELM_FIELDS) {
    if (field in content) {
      throw refused(file, [field], `${field} would run helm, which is not allowed here`);
    }
  }
  for (const field of RESOURCE_FIELDS) {
    const entries = content[field];
    if (!Array.isArray(entries)) continue;
    entries.forEach((entry, index) => {
      // Transformers and patches can also be written in place.
      if (typeof entry !== "string" || entry.includes("\n")) return;
      const problem = problemOf(join(dirname(file.path), entry), entry, paths);
      if (problem !== undefined) throw refused(file, [field, index], `${entry} ${problem}`);
    });
  }
  const remote = findRemote(content, []);
  if (remote !== undefined) {
    throw refused(file, remote, "Files from elsewhere are not allowed here");
  }
}

function problemOf(path: string, entry: string, paths: readonly string[]): string | undefined {
  const folder = path.endsWith("/") ? path : `${path}/`;
  if (paths.some((known) => known === path || known.startsWith(folder)) || path === ".") {
    return undefined;
  }
  if (path.startsWith("..") || entry.startsWith("/")) return "is outside of the component's folder";
  return /[:@?]|^[^/]+\.[a-z]+\//.test(entry)
    ? "is remote, which is not allowed here"
    : "is not in the component's folder";
}

/** Fields of generators and patches that name files, which may be URLs. */
const FILE_FIELDS: ReadonlySet<string> = new Set(["path", "files", "envs", "env"]);

type Path = readonly (string | number)[];

function findRemote(value: unknown, path: Path): Path | undefined {
  const field = path.findLast((step) => typeof step === "string");
  if (typeof value === "string") {
    const isFile = FILE_FIELDS.has(String(field));
    return isFile && /^(?:[^\s/]*=)?https?:\/\//i.test(value) ? path : undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  for (const [step, child] of entries) {
    const found = findRemote(child, [...path, step]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function refused(file: TextFile, path: Path, message: string): RenderError {
  return new RenderError("kustomize", message, {
    place: { file: file.path, line: lineAt(file.text, path) ?? 1 },
    hint: "Keep all that the kustomization needs in the component's folder, in Git.",
  });
}
