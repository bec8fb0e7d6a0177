/** What answers may be no API server, or one that was taken over: every request ends in an answer or in a clear error. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Cluster } from "../../lib/cluster/mod.ts";
import { propose } from "../../lib/propose/mod.ts";
import type { KubernetesObject } from "../../lib/object.ts";
import { CONFIG_MAPS, configMap, plumb } from "../plumb.ts";
import { kubeconfigTo } from "../recorder.ts";
import { assertClear, CANARY, junk, mutated, RUNS } from "./hostile.ts";

const MAP: KubernetesObject = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name: "settings",
    namespace: "web",
    uid: "1",
    resourceVersion: "1",
    managedFields: [{
      manager: "plumb",
      operation: "Apply",
      apiVersion: "v1",
      time: "2026-01-01T00:00:00Z",
      fieldsType: "FieldsV1",
      fieldsV1: { "f:data": { "f:key": {} } },
    }],
  },
  data: { key: "one" },
};
const DISCOVERY = {
  items: [{
    metadata: { name: "" },
    versions: [{
      version: "v1",
      resources: [{
        resource: "configmaps",
        scope: "Namespaced",
        responseKind: { group: "", version: "v1", kind: "ConfigMap" },
      }],
    }],
  }],
};
const LIST = { kind: "ConfigMapList", metadata: { resourceVersion: "1" }, items: [MAP] };
const STATUS = {
  kind: "Status",
  message: "no",
  reason: "Invalid",
  details: { causes: [{ field: "data" }] },
};

/** A server on loopback that gives the same answer to everything, as the test sets it. */
class Liar implements AsyncDisposable {
  answer: { readonly status: number; readonly body: string } = { status: 200, body: "{}" };
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ url }) =>
      // A connection is warmed up by a request of its own.
      new URL(url).pathname === "/version"
        ? Response.json({})
        : new Response(this.answer.body || null, {
          status: this.answer.status,
          headers: { "content-type": "application/json" },
        }),
  );
  readonly address = `http://127.0.0.1:${this.#server.addr.port}`;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

const answers = fc.record({
  // Those that are tried again for long are left to the tests of the transport.
  status: fc.constantFrom(200, 201, 400, 403, 404, 409, 410, 422),
  body: fc.oneof(
    mutated(MAP).map((value) => JSON.stringify(value)),
    mutated(LIST).map((value) => JSON.stringify(value)),
    mutated(DISCOVERY).map((value) => JSON.stringify(value)),
    mutated(STATUS).map((value) => JSON.stringify(value)),
    junk.map((value) => JSON.stringify(value)),
    fc.string({ maxLength: 60, unit: "binary" }),
  ),
});

Deno.test("whatever an API server answers, each verb ends in an answer or in a clear error", async () => {
  await using liar = new Liar();
  const kubeconfig = await kubeconfigTo(liar.address);
  const name = { namespace: "web", name: "settings" };
  await fc.assert(
    fc.asyncProperty(answers, async (answer) => {
      liar.answer = answer;
      using cluster = await Cluster.connect({ kubeconfig, environment: {} });
      const verbs = [
        () => cluster.discover(),
        () => cluster.get(CONFIG_MAPS, name),
        () => cluster.list(CONFIG_MAPS, { namespace: "web" }),
        () => cluster.listMetadata(CONFIG_MAPS, "web"),
        () => cluster.apply(CONFIG_MAPS, { ...MAP, data: { key: CANARY } }),
        () => cluster.delete(CONFIG_MAPS, name),
      ];
      await Promise.all(verbs.map((verb) => assertClear<unknown>(verb)));
    }),
    RUNS,
  );
  await Deno.remove(kubeconfig);
});

Deno.test("whatever an API server answers, a whole run ends in a clear error or a result", async () => {
  await using liar = new Liar();
  const kubeconfig = await kubeconfigTo(liar.address);
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/app.yaml`, configMap("settings"));
  await fc.assert(
    fc.asyncProperty(answers, async (answer) => {
      liar.answer = answer;
      const run = await plumb(["diff", "--path", folder, "--namespace", "web"], { kubeconfig });
      const codes = run.events.flatMap((event) => event.type === "error" ? [event.code] : []);
      assert.ok(
        !run.output.includes("This is a defect"),
        run.output,
      );
      assert.ok(codes.length === 1 || run.events.some(({ type }) => type === "result"), run.output);
    }),
    { numRuns: Math.ceil(RUNS.numRuns / 2) },
  );
  await Deno.remove(kubeconfig);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("whatever GitHub answers, a proposal is made or fails in words, without the token", async () => {
  await using liar = new Liar();
  const pull = {
    number: 1,
    html_url: "https://github.example.com/1",
    head: { ref: "plumb/drift/web", sha: "a".repeat(40) },
    base: { ref: "main" },
    draft: false,
  };
  const body = fc.oneof(
    mutated([pull]),
    mutated(pull),
    mutated({ object: { sha: "a".repeat(40) } }),
    junk,
  );
  // What octokit tries again for long is left to the tests of the proposal.
  const status = fc.constantFrom(200, 201, 204, 400, 401, 403, 404, 422);
  const where = {
    owner: "team",
    name: "platform",
    base: "main",
    api: liar.address,
    credentials: { kind: "token" as const, token: CANARY },
  };
  await fc.assert(
    fc.asyncProperty(status, body, async (status, body) => {
      liar.answer = { status, body: status === 204 ? "" : JSON.stringify(body) };
      await assertClear(() =>
        propose(where, {
          component: "web",
          revision: "a".repeat(40),
          files: new Map([["manifests/web/app.yaml", { text: configMap("settings", "two") }]]),
          digest: "drift",
          title: "Keep what was changed",
          body: "It was changed.",
          draft: false,
        })
      );
    }),
    { numRuns: Math.ceil(RUNS.numRuns / 2) },
  );
});
