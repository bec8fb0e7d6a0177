import assert from "node:assert/strict";
import { componentJsonSchemaText } from "../../../lib/component/json_schema.ts";

Deno.test("The committed JSON Schema is the one that the code yields", async () => {
  const file = new URL("../../../lib/component/component.schema.json", import.meta.url);
  assert.equal(
    await Deno.readTextFile(file),
    componentJsonSchemaText(),
    "Run: deno run --allow-write lib/component/json_schema.ts",
  );
});
