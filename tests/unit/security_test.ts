import assert from "node:assert/strict";
import { stat } from "node:fs/promises";

const ROOT = new URL("../../", import.meta.url);

Deno.test("each threat of SECURITY.md names tests, and they exist", async () => {
  const text = await Deno.readTextFile(new URL("SECURITY.md", ROOT));
  const threats = text.split("\n").filter((line) => /^\| [A-Z]/.test(line));
  assert.ok(threats.length > 10);
  for (const threat of threats) {
    const tests = [...threat.matchAll(/`(tests\/[^`]+)`/g)].map(([, path]) => path ?? "");
    assert.ok(tests.length > 0, threat);
    for (const path of tests) assert.ok((await stat(new URL(path, ROOT))).isFile(), path);
  }
});
