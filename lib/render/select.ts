/**
 * Chooses the files of a component's folder that hold manifests, and reads them as text.
 * @module
 */
import { COMPONENT_FILE, type ComponentFile, type TextFile } from "../component/mod.ts";
import { RenderError } from "./errors.ts";

/**
 * The manifests that a component names, sorted by path. A glob may match nothing, a plain name must be there.
 *
 * @param globs relative to the folder, as {@link globPattern} reads them.
 * @throws {RenderError} `no-file`
 */
export function selectManifests(
  files: readonly ComponentFile[],
  globs: readonly string[],
): ComponentFile[] {
  for (const glob of globs) {
    if (/[*?]/.test(glob) || files.some(({ path }) => path === glob)) continue;
    throw new RenderError("no-file", `The manifest ${glob} is not there`, {
      place: { file: COMPONENT_FILE },
      hint: "Correct its name in spec.manifests, or add the file.",
    });
  }
  const patterns = globs.map(globPattern);
  return files
    .filter(({ path }) => path !== COMPONENT_FILE && patterns.some((pattern) => pattern.test(path)))
    .sort((one, other) => one.path < other.path ? -1 : 1);
}

/**
 * The regular expression of a glob: `*` and `?` stand for characters of a name that doesn't begin with a dot, `**` for
 * any number of folders.
 *
 * @example
 * ```ts
 * import { globPattern } from "./select.ts";
 * import assert from "node:assert/strict";
 *
 * assert(globPattern("*.yaml").test("backend.yaml"));
 * assert(!globPattern("*.yaml").test("base/backend.yaml"));
 * assert(globPattern("**" + "/*.yaml").test("base/backend.yaml"));
 * ```
 */
export function globPattern(glob: string): RegExp {
  const names = glob.split("/").map((name, index, all) => {
    if (name === "**") return index === all.length - 1 ? ".*" : "(?:[^/.][^/]*/)*";
    const pattern = name.replaceAll(/[\\^$.|+()[\]{}]/g, "\\$&").replaceAll("*", "[^/]*")
      .replaceAll("?", "[^/]");
    const visible = /^[*?]/.test(name) ? `(?!\\.)${pattern}` : pattern;
    return index === all.length - 1 ? visible : `${visible}/`;
  });
  return new RegExp(`^${names.join("")}$`);
}

/**
 * A file as text, without a byte order mark.
 *
 * @throws {RenderError} `encoding`
 */
export function decodeFile({ path, bytes }: ComponentFile): TextFile {
  try {
    return { path, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    throw new RenderError("encoding", `${path} is not UTF-8`, {
      place: { file: path },
      hint: "Save it as UTF-8.",
    });
  }
}
