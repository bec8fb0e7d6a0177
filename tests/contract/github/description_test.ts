/** A check that can't fail is none: what doesn't fit GitHub's description is found, and what fits is not. */
import assert from "node:assert/strict";
import { Access } from "./app.ts";
import { Description } from "./description.ts";
import { Front } from "./front.ts";
import { Repository } from "./repository.ts";
import { startGitHub } from "./server.ts";
import { State } from "./state.ts";
import { connect, refused } from "./support.ts";

const at = { owner: "acme", repo: "platform" };
const REF = "GET /repos/{owner}/{repo}/git/ref/{ref}";
const good = {
  ref: "refs/heads/main",
  node_id: "REF_x",
  url: "https://api.github.com/repos/acme/platform/git/refs/heads/main",
  object: { type: "commit", sha: "a".repeat(40), url: "https://api.github.com/x" },
};

Deno.test("an answer that isn't GitHub's is found", async () => {
  const description = await Description.load();
  assert.deepEqual(description.answer(REF, 200, good), []);
  const broken: readonly [unknown, RegExp][] = [
    [{ ...good, node_id: undefined }, /node_id/],
    [{ ...good, ref: 1 }, /\/ref must be string/],
    [{ ...good, url: "no address" }, /\/url must match format/],
    [{ ...good, object: { ...good.object, sha: "a" } }, /\/object\/sha/],
    [{ ...good, object: null }, /\/object must be object/],
    [undefined, /body/],
  ];
  for (const [answer, words] of broken) {
    const sent = answer === undefined ? undefined : JSON.parse(JSON.stringify(answer));
    assert.match(description.answer(REF, 200, sent).join(), words);
  }
  assert.deepEqual(description.answer(REF, 418, good), ["status 418 is not described"]);
  assert.match(description.answer(REF, 404, { message: 1 }).join(), /message must be string/);
  assert.match(description.answer("GET /x", 200, good).join(), /not described/);
  assert.match(
    description.answer("DELETE /repos/{owner}/{repo}/git/refs/{ref}", 204, good).join(),
    /nothing is described/,
  );
});

Deno.test("null is right where the description says so, and nowhere else", async () => {
  const description = await Description.load();
  const route = "GET /repos/{owner}/{repo}/issues/{issue_number}/labels";
  const label = (more: object) => [{
    id: 1,
    node_id: "LA_x",
    url: "https://api.github.com/x",
    name: "a",
    description: null,
    color: "ededed",
    default: false,
    ...more,
  }];
  assert.deepEqual(description.answer(route, 200, label({})), []);
  assert.match(description.answer(route, 200, label({ name: null })).join(), /\/0\/name/);
});

Deno.test("a request that GitHub refuses is told from one with names that it doesn't know", async () => {
  const description = await Description.load();
  const route = "POST /repos/{owner}/{repo}/git/refs";
  const ask = (body: unknown, query = {}) =>
    description.request({ route, parameters: at, query, body });
  const right = { ref: "refs/heads/x", sha: "a" };
  assert.deepEqual(ask(right), { wrong: [], unknown: [] });
  assert.match(ask({ ref: "refs/heads/x" }).wrong.join(), /'sha'/);
  assert.match(ask(undefined).wrong.join(), /is missing/);
  assert.deepEqual(ask({ ...right, forse: true }).unknown, ["body forse: is not described"]);
  assert.deepEqual(ask(right, { page: "1" }).unknown, ["query page: is not described"]);
  const list = (per_page: string) =>
    description.request({
      route: "GET /repos/{owner}/{repo}/pulls",
      parameters: at,
      query: { per_page },
    }).wrong.join();
  assert.equal(list("10"), "");
  assert.match(list("many"), /per_page: must be integer/);
});

Deno.test("the server records what was asked wrongly, and its refusal is GitHub's", async () => {
  await using github = await startGitHub();
  const send = (path: string, method: string, body: string) =>
    fetch(`${github.url}/repos/acme/platform/${path}`, {
      method,
      body,
      headers: { authorization: `Bearer ${github.token}` },
    });
  const answer = await send("git/refs", "POST", JSON.stringify({ ref: 1, sha: "a" }));
  assert.equal(answer.status, 422);
  assert.match((await answer.json()).message, /^Invalid request/);
  assert.equal(github.violations.length, 1);
  assert.match(github.violations[0]!, /git\/refs: request body: \/ref must be string/);
  const torn = await send("git/refs", "POST", "{");
  assert.equal(torn.status, 400);
  await torn.body?.cancel();
  assert.match(github.violations[1]!, /Problems parsing JSON/);
  const elsewhere = await send("nowhere", "POST", "{}");
  assert.equal(elsewhere.status, 404);
  await elsewhere.body?.cancel();
  assert.match(github.violations[2]!, /no such route/);
  await refused(connect(github).repos.get({ owner: "acme", repo: "other" }), 404, /Not Found/);
  assert.equal(github.violations.length, 3);
  assert.deepEqual(github.requests[0], { method: "POST", path: "/repos/acme/platform/git/refs" });
});

Deno.test("the server records what it answered wrongly, and its own failures", async () => {
  await using repository = await Repository.create();
  const front = new Front({
    state: new State(
      { api: "http://x", owner: "acme", name: "platform", repository },
      new Set(),
      new Set(),
    ),
    access: new Access("secret", { login: "ada", kind: "user" }, undefined),
    description: await Description.load(),
    routes: {
      "GET /rate_limit": () => ({ status: 200, body: { rate: {} } }),
      "GET /user": () => Promise.reject(new Error("no such thing")),
    },
  });
  const ask = (path: string, accept = "application/json") =>
    front.handle(
      new Request(`http://x${path}`, { headers: { authorization: "token secret", accept } }),
    );
  assert.equal((await ask("/rate_limit")).status, 200);
  assert.match(front.violations[0]!, /^GET \/rate_limit: answer 200 body: .*'resources'/);
  assert.equal((await ask("/user")).status, 500);
  assert.match(front.violations[1]!, /^GET \/user: the double failed: Error: no such thing/);
  await ask("/rate_limit", "application/vnd.github.raw+json");
  assert.match(front.violations[2]!, /doesn't answer as raw/);
});
