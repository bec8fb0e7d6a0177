import assert from "node:assert/strict";
import { nearestName } from "../../lib/suggest.ts";

Deno.test("A slip finds the name that was meant", () => {
  const known = ["namespace", "parameters", "requires", "main", "ci"];
  const cases: [string, string | undefined][] = [
    ["namepsace", "namespace"],
    ["NAMESPACE", "namespace"],
    ["parameter", "parameters"],
    ["mian", "main"],
    ["requiers", "requires"],
    ["c", "ci"],
    ["zz", undefined],
    ["something", undefined],
    ["", undefined],
  ];
  for (const [name, meant] of cases) assert.equal(nearestName(name, known), meant, name);
});
