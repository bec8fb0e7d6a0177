import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { loadPage } from "../../../lib/serve/assets.ts";

const text = (body: Uint8Array) => new TextDecoder().decode(body);

Deno.test("all that the page loads is there, and lies where it is looked for", async () => {
  const { document, assets } = await loadPage();
  const links = [...text(document.body).matchAll(/(?:href|src)="([^#"]+)"/g)].map(([, path]) =>
    path
  );
  assert.deepEqual([...new Set(links)].toSorted(), [...assets.keys()].toSorted());
  const imported = new Set<string>();
  for (const [path, { type, body }] of assets) {
    if (!type.startsWith("text/javascript")) continue;
    for (const [, name = ""] of text(body).matchAll(/\bfrom\s*"(\.[^"]+)"/g)) {
      imported.add(new URL(name, `http://page/${path}`).pathname.slice(1));
    }
  }
  const libraries = [...assets.keys()].filter((path) => path.includes("/npm/"));
  assert.deepEqual([...imported].toSorted(), libraries.toSorted());
});

Deno.test("the page is painted without another answer, and its styles are the only ones taken", async () => {
  const { document, styles } = await loadPage();
  const html = text(document.body);
  assert.doesNotMatch(html, /rel="stylesheet"|@import|@font-face|url\(/);
  const digests = [...html.matchAll(/<style>([^<]+)<\/style>/g)].map(([, style = ""]) =>
    `sha256-${createHash("sha256").update(style).digest("base64")}`
  );
  assert.deepEqual(styles, digests);
  assert.match(html, /<p class="quiet">Loading the components…<\/p>/);
});

Deno.test("the page asks nothing of anybody else", async () => {
  const { document, assets } = await loadPage();
  for (const { body } of [document, ...assets.values()]) {
    const places = text(body).match(/https?:\/\/[^\s"'`)]+/g) ?? [];
    // Names of XML dialects, which nobody fetches.
    assert.deepEqual(places.filter((place) => !place.startsWith("http://www.w3.org/")), []);
  }
});

Deno.test("no module of the page counts on anything but a browser", async () => {
  for (const [path, { type, body }] of (await loadPage()).assets) {
    // Types know Deno, since examples are run by it.
    if (type.startsWith("text/javascript")) {
      assert.doesNotMatch(text(body), /\bDeno\.|"node:/, path);
    }
  }
});

Deno.test("the page weighs less than 100 kB", async () => {
  const { document, assets } = await loadPage();
  const weight = [document, ...assets.values()].reduce((sum, { gzip }) => sum + gzip.length, 0);
  assert.ok(weight < 100_000, `${weight} bytes`);
  for (const { body, gzip } of [document, ...assets.values()]) {
    assert.deepEqual(new Uint8Array(gunzipSync(gzip)), body);
  }
});

Deno.test("nothing of the page needs an inline script or the style of a single element", async () => {
  const document = text((await loadPage()).document.body);
  assert.doesNotMatch(document, /<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=/);
});
