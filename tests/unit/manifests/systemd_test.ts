/** The units for a machine outside of the cluster are what systemd takes. */
import assert from "node:assert/strict";
import { join } from "node:path";

const FOLDER = new URL("../../../manifests/plumb/systemd", import.meta.url).pathname;
const UNITS = ["plumb@.service", "plumb@.timer"];

async function analyze(folder: string): Promise<{ success: boolean; said: string }> {
  const { success, stderr } = await new Deno.Command("systemd-analyze", {
    args: ["verify", ...UNITS.map((name) => join(folder, name))],
  }).output();
  return { success, said: new TextDecoder().decode(stderr) };
}

const isThere = await new Deno.Command("systemd-analyze", { args: ["--version"] }).output()
  .then(({ success }) => success, () => false);

Deno.test({
  name: "systemd takes the service and the timer, and would say what it does not",
  ignore: !isThere,
  async fn() {
    assert.deepEqual(await analyze(FOLDER), { success: true, said: "" });
    const folder = await Deno.makeTempDir({ prefix: "plumb-units-" });
    for (const name of UNITS) {
      const text = await Deno.readTextFile(join(FOLDER, name));
      await Deno.writeTextFile(join(folder, name), text.replace("/usr/bin/env", "/nowhere/env"));
    }
    const wrong = await analyze(folder);
    assert.equal(wrong.success, false);
    assert.match(wrong.said, /\/nowhere\/env is not executable/);
    await Deno.remove(folder, { recursive: true });
  },
});
