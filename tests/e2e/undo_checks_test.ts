/** A revision that does not pass its checks is undone. */
import assert from "node:assert/strict";
import { type GitWorkspace, gitWorkspace } from "../git_workspace.ts";
import {
  COMPONENT_YAML,
  CONFIG_MAPS,
  configMap,
  documents,
  job,
  JOBS,
  NAMESPACE,
  outcomeOf,
  SERVICES,
} from "../plumb.ts";
import { service, statesOf, undosOf, valueOf } from "../undoing.ts";

/** Answers with what a ConfigMap says, as an application that is deployed. */
function serve(space: GitWorkspace): { readonly address: string } & AsyncDisposable {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async () => {
    return new Response(valueOf(await space.get(CONFIG_MAPS, "page")) ?? "");
  });
  return {
    address: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const checked = (address: string) =>
  `${COMPONENT_YAML}  verify:
    checks:
      - { check: http, url: "${address}", contains: welcome }
`;

Deno.test("a revision that does not pass its checks is undone, and the good one passes them again", async () => {
  await using space = await gitWorkspace();
  await using site = serve(space);
  const files = (value: string, ...more: readonly string[]) => ({
    "component.yaml": checked(site.address),
    "app.yaml": documents(NAMESPACE, configMap("page", value), ...more),
  });
  const good = await space.commit(files("welcome", job("once"), service("old")));
  assert.equal((await space.run(["--verify"])).code, 0);
  const bad = await space.commit(files("oops"));
  const run = await space.run(["--verify"]);
  assert.deepEqual([run.code, outcomeOf(run)], [3, "unverified"], run.output);
  assert.deepEqual(statesOf(run), ["begun", "done"]);
  assert.match(undosOf(run)[0]?.reason ?? "", /^Check .+: .* without the text "welcome"/);
  assert.equal(valueOf(await space.get(CONFIG_MAPS, "page")), "welcome");
  assert.ok(await space.get(SERVICES, "old"));
  // It has run once, and what it did was not undone.
  assert.equal(await space.get(JOBS, "once"), undefined);
  const verified = run.events.filter((event) => event.type === "verified");
  assert.deepEqual(verified.map(({ failed }) => failed), [1, 0]);
  const [undo, tried] = (await space.journal()).runs;
  assert.deepEqual([undo?.command, undo?.result, undo?.source.revision], ["undo", "undone", good]);
  assert.deepEqual([tried?.result, tried?.source.revision], ["unverified", bad]);
  assert.equal(tried?.verified?.failed.length, 1);
  const held = await space.run(["--verify"]);
  assert.deepEqual([held.code, statesOf(held)], [2, ["held"]], held.output);
});
