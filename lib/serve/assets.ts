/**
 * The page as a browser gets it. Its document holds the styles, so that it is painted without waiting for anything
 * else; its modules are one script, and its libraries come from their npm packages. There is no build step; this takes
 * some milliseconds when the server starts.
 * @module
 */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import htm from "htm" with { type: "text" };
import preact from "preact" with { type: "text" };
import hooks from "preact/hooks" with { type: "text" };
import { joinModules, withoutComments } from "./page_script.ts";

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
  /** Digests of the document's styles, for the header Content-Security-Policy: no others are taken. */
  readonly styles: readonly string[];
  /**
   * By path, `assets/VERSION/…`. The version is a digest of all of them, so that a path's content never changes
   * and browsers may keep it for ever.
   */
  readonly assets: ReadonlyMap<string, Asset>;
}

const LIB = new URL("../", import.meta.url);
const PAGE = "serve/page/";
/** What the page imports from npm, by the names that it uses. */
const LIBRARIES: Readonly<Record<string, string>> = { htm, preact, "preact/hooks": hooks };
const STYLE = /<link rel="stylesheet" href="\.\/([^"]+)">/g;
/** What the document asks for. */
const LINK = /(href|src)="\.\/([^"]+)"/g;
/** Minified, an import has neither a line nor a space of its own. */
const PACKED_IMPORT = /(\bfrom)"([^"]+)"/g;

/** Reads the page and all that it imports. */
export async function loadPage(): Promise<Page> {
  const texts = new Map([["icon.svg", await read(`${PAGE}icon.svg`)], ["page.js", await script()]]);
  for (const [name, text] of Object.entries(LIBRARIES)) texts.set(libraryPath(name), linked(text));
  const hash = createHash("sha256");
  for (const [path, text] of texts) hash.update(JSON.stringify([path, text]));
  const base = `assets/${hash.digest("base64url").slice(0, 16)}/`;
  const html = await read(`${PAGE}index.html`);
  const styles = new Map<string, string>();
  for (const [, path = ""] of html.matchAll(STYLE)) {
    styles.set(path, withoutComments(await read(PAGE + path)));
  }
  const document = html
    .replaceAll(STYLE, (_, path: string) => `<style>${styles.get(path)}</style>`)
    .replaceAll(LINK, (_, attribute: string, path: string) => `${attribute}="${base}${path}"`);
  return {
    document: asset("text/html; charset=utf-8", document),
    styles: [...styles.values()].map(digestOf),
    assets: new Map([...texts].map(([path, text]) => [base + path, asset(typeOf(path), text)])),
  };
}

function script(): Promise<string> {
  const libraries = Object.fromEntries(
    Object.keys(LIBRARIES).map((name) => [name, `./${libraryPath(name)}`]),
  );
  return joinModules(`${PAGE}main.ts`, { read, libraries });
}

/** A library, with its imports of other libraries led to their paths, and without its source map. */
function linked(text: string): string {
  return text.replaceAll(
    PACKED_IMPORT,
    (_, before: string, name: string) => `${before}"../${libraryPath(name)}"`,
  ).replace(/\n\/\/# sourceMappingURL=.*/, "");
}

const libraryPath = (name: string) => `npm/${name.replaceAll("/", "-")}.js`;

const read = (path: string) => Deno.readTextFile(new URL(path, LIB));

const digestOf = (text: string) => `sha256-${createHash("sha256").update(text).digest("base64")}`;

function typeOf(path: string): string {
  return path.endsWith(".svg") ? "image/svg+xml" : "text/javascript; charset=utf-8";
}

function asset(type: string, text: string): Asset {
  return { type, body: new TextEncoder().encode(text), gzip: new Uint8Array(gzipSync(text)) };
}
