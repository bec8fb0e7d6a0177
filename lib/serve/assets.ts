/**
 * The page as a browser gets it: its modules with their types blanked out, its libraries from their npm packages,
 * and nothing else. There is no build step; this takes some milliseconds when the server starts.
 * @module
 */
import { createHash } from "node:crypto";
import { stripTypeScriptTypes } from "node:module";
import { gzipSync } from "node:zlib";
import htm from "htm" with { type: "text" };
import preact from "preact" with { type: "text" };
import hooks from "preact/hooks" with { type: "text" };

/** One file of the page. */
export interface Asset {
  /** For the header Content-Type. */
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The same, packed, for who accepts gzip. */
  readonly gzip: Uint8Array<ArrayBuffer>;
}

/** The page: its document, and what the document loads. */
export interface Page {
  readonly document: Asset;
  /**
   * By path, `assets/VERSION/…`. The version is a digest of all of them, so that a path's content never changes
   * and browsers may keep it for ever.
   */
  readonly assets: ReadonlyMap<string, Asset>;
}

const LIB = new URL("../", import.meta.url);
const PAGE = "serve/page/";
const LIBRARIES: Readonly<Record<string, string>> = { htm, preact, "preact/hooks": hooks };
/** What the document asks for. */
const LINK = /(?:href|src)="\.\/([^"]+)"/g;
const IMPORT = /^((?:import|export)\b[^;]*?\bfrom\s*|import\s*)"([^"]+)"/gm;
/** Minified, an import has neither a line nor a space of its own. */
const PACKED_IMPORT = /(\bfrom)"([^"]+)"/g;

/** Reads the page and all that it imports. */
export async function loadPage(): Promise<Page> {
  const texts = new Map<string, string>();
  const html = await read(`${PAGE}index.html`);
  for (const [, name] of html.matchAll(LINK)) {
    const path = `${PAGE}${name}`;
    if (path.endsWith(".ts")) await addModule(path, texts);
    else texts.set(path, await read(path));
  }
  const hash = createHash("sha256");
  for (const [path, text] of texts) hash.update(JSON.stringify([path, text]));
  const base = `assets/${hash.digest("base64url").slice(0, 16)}/`;
  const modules = [...texts.keys()].filter((path) => /\.[jt]s$/.test(path));
  const preload = modules.map((path) => `<link rel="modulepreload" href="${base}${path}">`);
  const document = html.replace("<!-- modules -->", preload.join(""))
    .replaceAll(LINK, (link, name: string) => link.replace(`./${name}`, base + PAGE + name));
  return {
    document: asset("text/html; charset=utf-8", document),
    assets: new Map([...texts].map(([path, text]) => [base + path, asset(typeOf(path), text)])),
  };
}

/** Adds a module and what it imports, by their paths below `lib/`. */
async function addModule(path: string, texts: Map<string, string>): Promise<void> {
  if (texts.has(path)) return;
  texts.set(path, "");
  const found: string[] = [];
  const code = stripTypeScriptTypes(withoutComments(await read(path)));
  texts.set(
    path,
    code.replaceAll(IMPORT, (_, before: string, name: string) => {
      const library = LIBRARIES[name];
      const target = library === undefined
        ? new URL(name, LIB.href + path).href.slice(LIB.href.length)
        : libraryPath(name);
      if (library === undefined) found.push(target);
      else texts.set(target, linked(library, target));
      return `${before}"${relative(path, target)}"`;
    }).replaceAll(/[ \t]+$/gm, "").replaceAll(/\n{2,}/g, "\n"),
  );
  for (const target of found) await addModule(target, texts);
}

/** A library, with its imports of other libraries led to their paths, and without its source map. */
function linked(text: string, path: string): string {
  return text.replaceAll(
    PACKED_IMPORT,
    (_, before: string, name: string) => `${before}"${relative(path, libraryPath(name))}"`,
  ).replace(/\n\/\/# sourceMappingURL=.*/, "");
}

const libraryPath = (name: string) => `npm/${name.replaceAll("/", "-")}.js`;

/** Both paths are below one base. */
const relative = (from: string, to: string) => `${"../".repeat(from.split("/").length - 1)}${to}`;

/** Documentation is for who reads the source. Comments begin their line, as everywhere in this project. */
const withoutComments = (text: string) =>
  text.replaceAll(/^\s*\/\*[\s\S]*?\*\/$/gm, "").replaceAll(/^\s*\/\/.*$/gm, "");

const read = (path: string) => Deno.readTextFile(new URL(path, LIB));

function typeOf(path: string): string {
  if (path.endsWith(".css")) return "text/css; charset=utf-8";
  return path.endsWith(".svg") ? "image/svg+xml" : "text/javascript; charset=utf-8";
}

function asset(type: string, text: string): Asset {
  return { type, body: new TextEncoder().encode(text), gzip: new Uint8Array(gzipSync(text)) };
}
