/** How much memory a run takes depends on what Git wants, not on how much lives in the cluster. */
import assert from "node:assert/strict";
import { forEachLimited } from "../../lib/apply/pool.ts";
import { CONFIG_MAPS, configMap, documents, NAMESPACE, workspace } from "../plumb.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const OBJECTS = 400;
/** What somebody else keeps in each object: 80 MB in all. */
const FOREIGN_BYTES = 200_000;
/** Of these, Plumb itself takes about 20 MB. Beyond, V8 ends the process. */
const HEAP_MEGABYTES = 80;

Deno.test("a run that looks at everything holds no more of it than it is deciding about", async () => {
  await using space = await workspace();
  const names = Array.from({ length: OBJECTS }, (_, index) => `map-${index}`);
  await space.write({
    "app.yaml": documents(NAMESPACE, ...names.map((name) => configMap(name))),
  });
  assert.equal((await space.reconcile()).code, 0);
  const foreign = "x".repeat(FOREIGN_BYTES);
  await forEachLimited(names, 8, async (name) => {
    const place = { namespace: space.name, name };
    await space.cluster.patch(CONFIG_MAPS, place, { data: { foreign } }, "merge", "somebody");
  });
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      `--v8-flags=--max-semi-space-size=2,--max-old-space-size=${HEAP_MEGABYTES}`,
      "--allow-all",
      "--frozen",
      MAIN,
      "reconcile",
      "--refresh",
      "--path",
      space.folder,
      "--name",
      space.name,
      "--namespace",
      space.name,
    ],
    env: { KUBECONFIG: space.kubeconfig, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, said.slice(-800));
  assert.match(said, new RegExp(`The cluster is as Git says \\(${OBJECTS + 1} unchanged`));
});
