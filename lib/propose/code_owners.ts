/**
 * Who owns files, as a CODEOWNERS file of GitHub says it.
 *
 * Format: docs.github.com, "About code owners".
 * @module
 */

/** Where GitHub looks for the file; the first that there is counts. */
export const CODE_OWNERS_FILES = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"] as const;

/** Owners who can be asked for a review. Those who are named by an address of electronic mail can't. */
export interface Owners {
  readonly users: readonly string[];
  readonly teams: readonly { readonly organization: string; readonly slug: string }[];
}

interface Rule {
  readonly pattern: RegExp;
  readonly owners: readonly string[];
}

/**
 * The owners of some files: of each, those of the last rule that fits it.
 *
 * @param text of the CODEOWNERS file.
 * @param paths relative to the repository's root.
 * @example
 * ```ts
 * import { ownersOf } from "./code_owners.ts";
 * import assert from "node:assert/strict";
 *
 * const text = "* @ada\n/manifests/cvat/ @acme/labelling # annotators\n";
 * assert.deepEqual(ownersOf(text, ["manifests/cvat/backend.yaml"]), {
 *   users: [],
 *   teams: [{ organization: "acme", slug: "labelling" }],
 * });
 * ```
 */
export function ownersOf(text: string, paths: readonly string[]): Owners {
  const rules = text.split(/\r?\n/).flatMap(readRule);
  const names = new Set(
    paths.flatMap((path) => rules.findLast(({ pattern }) => pattern.test(path))?.owners ?? []),
  );
  const users: string[] = [];
  const teams: { organization: string; slug: string }[] = [];
  for (const name of names) {
    const [, owner = "", slug] = /^@([\w-]+)(?:\/([\w.-]+))?$/.exec(name) ?? [];
    if (slug !== undefined) teams.push({ organization: owner, slug });
    else if (owner !== "") users.push(owner);
  }
  return { users, teams };
}

/** A line without owners is a rule, too: nobody owns what it fits. */
function readRule(line: string): Rule[] {
  const words = line.replace(/(^|\s)#.*/, "").match(/(?:\\.|\S)+/g) ?? [];
  const [pattern, ...owners] = words;
  // GitHub passes over what its format does not have.
  if (pattern === undefined || /^!|[[\]]/.test(pattern)) return [];
  return [{ pattern: patternOf(pattern.replaceAll(/\\(.)/g, "$1")), owners }];
}

/** A pattern in the manner of `.gitignore`; but `docs/*` fits only what lies directly in the folder. */
function patternOf(glob: string): RegExp {
  const path = glob.replace(/^\//, "");
  // A slash anywhere but at the end ties a pattern to the root.
  const start = /\/./.test(glob) ? "^" : "^(?:.*/)?";
  const end = path.endsWith("/") ? "" : path.endsWith("/*") ? "$" : "(?:/.*)?$";
  const body = path.split(/(\*\*\/|\*\*|\*|\?)/).map((part) => WILDCARDS[part] ?? escape(part));
  return new RegExp(start + body.join("") + end);
}

const WILDCARDS: Readonly<Record<string, string>> = {
  "**/": "(?:.*/)?",
  "**": ".*",
  "*": "[^/]*",
  "?": "[^/]",
};

function escape(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, "\\$&");
}
