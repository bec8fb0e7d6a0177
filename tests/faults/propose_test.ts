/** A proposal whose way to GitHub breaks at its worst places. */
import assert from "node:assert/strict";
import { propose } from "../../lib/propose/mod.ts";
import { startGitHub } from "../contract/github/server.ts";
import { git } from "../unit/source/repository.ts";
import { type Fault, startFaultProxy } from "./proxy.ts";

// GitHub's client spaces its writes out, and keeps timers for that.
const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "what breaks off is asked for again, and what was opened without an answer is labelled all the same",
  options,
  async () => {
    await using github = await startGitHub({ files: { "web.yaml": "replicas: 1\n" } });
    const target = { server: github.url, client: Deno.createHttpClient({}) };
    const broken = new Set<string>();
    await using proxy = await startFaultProxy(target, ({ method, path }): Fault | undefined => {
      const what = `${method} ${path}`;
      if (!path.endsWith("/pulls") || broken.has(what)) return undefined;
      broken.add(what);
      return { kind: "truncate" };
    });
    const proposed = await propose({
      owner: github.owner,
      name: github.name,
      api: proxy.url,
      credentials: { kind: "token", token: github.token },
      base: "main",
    }, {
      component: "web",
      revision: await git(github.repository, "rev-parse", "main"),
      files: new Map([["web.yaml", { text: "replicas: 2\n" }]]),
      digest: "2",
      title: "Keep what was changed",
      body: "It is 2 now.",
      draft: false,
    });
    assert.deepEqual([proposed.state, proposed.notes], ["unchanged", []]);
    assert.equal(proxy.happened.length, 2, proxy.happened.join());
    assert.deepEqual(github.pulls().map(({ labels }) => labels), [["plumb", "drift"]]);
    assert.deepEqual(github.violations, []);
  },
);
