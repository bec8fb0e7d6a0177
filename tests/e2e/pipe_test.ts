/** A reader of the output that goes away early, such as `head`. */
import assert from "node:assert/strict";

Deno.test("who closes the output early gets no error, and the exit code is that of the run", async () => {
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-env", "--allow-read", main, "component", "schema"],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stdout.cancel();
  const [{ code }, errors] = await Promise.all([child.status, new Response(child.stderr).text()]);
  assert.deepEqual([code, errors], [0, ""]);
});
