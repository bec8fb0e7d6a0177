/**
 * The modules of the page as one script, so that a browser asks once and not fifty times. Each module becomes a
 * function that answers with what it exports; its names and lines stay as they were written.
 * @module
 */
import { stripTypeScriptTypes } from "node:module";

/** Where modules come from. */
export interface ModuleSource {
  /** Reads a module by its path, such as `page/main.ts`. */
  readonly read: (path: string) => Promise<string>;
  /** Where the script finds the modules that are not joined, by the names that they are imported by. */
  readonly libraries: Readonly<Record<string, string>>;
}

/** An import, of the default or of names. Where types were, are spaces. */
const IMPORT = /^import\s+(?:(\w+)|\{([^}]*)\})\s+from\s+"([^"]+)";/gm;
const EXPORT = /^export\s+((?:async\s+)?(?:function\*?|class|const)\s+(\w+))/gm;

/**
 * Joins a module and all that it imports.
 *
 * @throws {Error} for modules that import each other in a circle, and for forms of import and export that the page does
 * not use.
 *
 * @example
 * ```ts
 * import { joinModules } from "./page_script.ts";
 * import assert from "node:assert/strict";
 *
 * const modules: Record<string, string> = {
 *   "main.ts": 'import { double } from "./double.ts";\ndouble(4);',
 *   "double.ts": "export const double = (value: number) => 2 * value;",
 * };
 * const read = (path: string) => Promise.resolve(modules[path] ?? "");
 * const script = await joinModules("main.ts", { read, libraries: {} });
 * assert.match(script, /const \{ double \} = modules\["double.ts"\];/);
 * ```
 */
export async function joinModules(entry: string, source: ModuleSource): Promise<string> {
  const libraries = Object.entries(source.libraries);
  const joined = new Map<string, string>();
  await addModule(entry, source, joined, []);
  return [
    ...libraries.map(([, path], index) => `import * as library${index} from "${path}";`),
    `const modules = { ${
      libraries.map(([name], index) => `"${name}": library${index}`).join(", ")
    } };`,
    ...joined.values(),
    "",
  ].join("\n");
}

/** Adds a module after those that it imports. */
async function addModule(
  path: string,
  source: ModuleSource,
  joined: Map<string, string>,
  importers: readonly string[],
): Promise<void> {
  if (joined.has(path)) return;
  if (importers.includes(path)) throw new Error(`${path} is imported by what it imports`);
  const text = stripTypeScriptTypes(withoutComments(await source.read(path)));
  const imports: string[] = [];
  const body = text.replaceAll(IMPORT, (_, whole: string | undefined, names = "", from = "") => {
    const name = from in source.libraries
      ? from
      : new URL(from, `file:///${path}`).pathname.slice(1);
    if (name !== from) imports.push(name);
    return `const { ${
      whole === undefined ? asPattern(names) : `default: ${whole}`
    } } = modules["${name}"];`;
  });
  for (const name of imports) await addModule(name, source, joined, [...importers, path]);
  joined.set(path, asFunction(path, body));
}

/** Documentation is for who reads the source. Comments begin their line, as everywhere in this project. */
export const withoutComments = (text: string): string =>
  text.replaceAll(/^\s*\/\*[\s\S]*?\*\/$/gm, "").replaceAll(/^\s*\/\/.*$/gm, "");

/** `a, b as c` becomes `a, b: c`. */
const asPattern = (names: string) =>
  names.split(",").map((name) => name.trim().replace(/\s+as\s+/, ": ")).filter(Boolean).join(", ");

function asFunction(path: string, text: string): string {
  const exports: string[] = [];
  const body = text.replaceAll(EXPORT, (_, declaration: string, name: string) => {
    exports.push(name);
    return declaration;
  });
  const [other] = /^(?:import|export)\b.*/m.exec(body) ?? [];
  if (other !== undefined) throw new Error(`${path}: this form can't be joined: ${other}`);
  const lines = body.replaceAll(/[ \t]+$/gm, "").replaceAll(/\n{2,}/g, "\n").trim();
  return `// ${path}
modules["${path}"] = (() => {
${lines}
return { ${exports.join(", ")} };
})();`;
}
