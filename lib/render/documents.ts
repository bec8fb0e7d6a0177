/**
 * Divides files of manifests into single declarations of objects, before anything is substituted or checked.
 * @module
 */
import type { TextFile } from "../component/mod.ts";
import { isMap } from "../field_path.ts";
import { contentStart, parseDocument, splitDocuments, YamlError } from "../yaml.ts";
import { itemLines, lineAt } from "../yaml_lines.ts";
import { RenderError } from "./errors.ts";
import type { Provenance } from "./types.ts";

/** What a file says about one object. */
export interface Declaration {
  /** As YAML yields it: aliases are the same value several times. */
  readonly value: unknown;
  readonly provenance: Provenance;
  /** 1-based line of the file on which a field stands; undefined where it can't be told. */
  lineOf(path: readonly (string | number)[]): number | undefined;
}

/**
 * Reads the declarations of a file, in order. Items of lists become declarations of their own.
 *
 * @throws {RenderError} `yaml` or `too-deep`, with the line.
 */
export function readDeclarations({ path: file, text }: TextFile): Declaration[] {
  return splitDocuments(text).flatMap((document) => {
    const value = parse(file, document.text, document.line);
    if (value === undefined || value === null) return [];
    const toFileLine = (line: number | undefined) =>
      line === undefined ? undefined : line + document.line - 1;
    const declaration = {
      value,
      provenance: { file, line: document.line + linesBefore(document.text) },
      lineOf: (path: readonly (string | number)[]) => toFileLine(lineAt(document.text, path)),
    };
    if (!isList(value)) return [declaration];
    const lines = itemLines(document.text, ["items"]);
    return flattenList(value, declaration, (index) => toFileLine(lines[index]));
  });
}

function parse(file: string, text: string, firstLine: number): unknown {
  try {
    return parseDocument(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const place = { file, line: error.line + firstLine - 1 };
    throw error.isTooDeep
      ? new RenderError("too-deep", error.reason, { place })
      : new RenderError("yaml", `${error.reason} (column ${error.column})`, {
        place,
        hint: "Correct the YAML there, or in the lines just before.",
      });
  }
}

/** Blank lines and comments before the content of a document. */
function linesBefore(text: string): number {
  const start = contentStart(text);
  let lines = 0;
  for (let index = 0; index < start; index++) if (text.charCodeAt(index) === 10) lines++;
  return lines;
}

interface List {
  readonly apiVersion: unknown;
  readonly kind: string;
  readonly items: readonly unknown[];
}

/** `List` and lists of one kind (`ConfigMapList`), as `kubectl get --output yaml` writes them. */
function isList(value: unknown): value is List {
  return isMap(value) && typeof value["kind"] === "string" && value["kind"].endsWith("List") &&
    Array.isArray(value["items"]);
}

function flattenList(
  { apiVersion, kind, items }: List,
  { provenance, lineOf }: Declaration,
  lineOfItem: (index: number) => number | undefined,
): Declaration[] {
  // Items of a list of one kind may leave the kind out.
  const type = kind === "List" ? {} : { apiVersion, kind: kind.slice(0, -"List".length) };
  return items.map((item, index) => ({
    value: isMap(item) ? { ...type, ...item } : item,
    provenance: { file: provenance.file, line: lineOfItem(index) ?? provenance.line },
    lineOf: (path) => lineOf(["items", index, ...path]),
  }));
}
