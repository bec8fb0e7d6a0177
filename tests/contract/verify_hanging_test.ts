/** Servers that take connections and say nothing: no check waits for them for ever, and each says that it waited. */
import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { runChecks } from "./reach.ts";
import { forgeryCheck } from "./visit.ts";

const SILENT = "silent:1";
const account = { username: "checker", password: "a-password" };
const decision = { path: "tasks/allow", input: {}, result: true };

/** Reads all and answers nothing. */
async function listenSilently(): Promise<{ readonly port: number } & Disposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.resume());
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    [Symbol.dispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

Deno.test("a server that hangs never hangs a check, which says that it waited", async () => {
  using server = await listenSilently();
  const url = `http://127.0.0.1:${server.port}`;
  const { results } = await runChecks([
    { check: "postgres", service: SILENT, user: "u", password: "p", database: "d" },
    { check: "valkey", service: SILENT, keeps: "nothing" },
    { check: "clickhouse", service: SILENT, password: "p", database: "cvat" },
    { check: "opa", service: SILENT, bundle: "cvat", decisions: [decision, decision] },
    { check: "http", url },
    { check: "certificate", url: url.replace("http:", "https:") },
    {
      check: "sign-in",
      url,
      issuer: url,
      client: "cvat",
      cookie: { name: "session", domain: "example.com" },
    },
    { ...forgeryCheck, url },
    { check: "cvat-health", url, service: SILENT },
    { check: "cvat-task", url, account },
  ], {
    services: { [SILENT]: server.port },
    certificates: { "127.0.0.1": server.port },
  });
  const { length } = results;
  assert.deepEqual(results.map(({ status }) => status), [
    ...Array(length - 1).fill("failed"),
    "not-judged",
  ]);
  for (const { name, message, probably } of results.slice(0, -1)) {
    assert.match(
      message ?? "",
      /has not answered within|timed out|does not answer/,
      `${name}: ${message}`,
    );
    assert.match(probably ?? "", /hangs|overloaded|drops|does not speak TLS|not well/, name);
  }
});
