/** Logs by the dashboard: followed across broken connections and floods, without losing or doubling a line. */
import assert from "node:assert/strict";
import type { Resource } from "../../lib/cluster/mod.ts";
import { type LogMessage, logMessage, type Pods } from "../../lib/serve/contract.ts";
import { type Client, dashboard } from "../dashboard.ts";
import { deployment, documents, NAMESPACE, type Workspace, workspace } from "../plumb.ts";

const LOGS: Resource = {
  group: "kwok.x-k8s.io",
  version: "v1alpha1",
  kind: "Logs",
  plural: "logs",
  namespaced: true,
};

/** A pod of the component whose log is a file that a test writes. */
async function podWithLog(space: Workspace, container = "app") {
  await space.write({
    [`${space.name}/app.yaml`]: documents(
      NAMESPACE,
      deployment("web") +
        "      initContainers: [{ name: prepare, image: 'registry.example.com/app:1' }]\n",
    ),
    [`${space.name}/component.yaml`]: `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: NAMESPACE }
spec: { namespace: NAMESPACE, policy: "off", manifests: ["app.yaml"] }
`,
  });
  const file = await Deno.makeTempFile({ suffix: ".log" });
  return {
    file,
    async follow(pod: string) {
      await space.cluster.create(LOGS, {
        apiVersion: "kwok.x-k8s.io/v1alpha1",
        kind: "Logs",
        metadata: { name: pod, namespace: space.name },
        spec: { logs: [{ containers: [container], logsFile: file, follow: true }] },
      });
    },
    [Symbol.asyncDispose]: () => Deno.remove(file),
  };
}

const clock = Date.parse("2026-01-01T00:00:00Z");

/** Lines as a container runtime writes them. Some have the same time. */
function cri(first: number, count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const number = first + index;
    const time = new Date(clock + Math.floor(number / 3)).toISOString().replace("Z", "000000Z");
    return `${time} stdout F line ${number}\n`;
  }).join("");
}

async function deployed(operator: Client, name: string): Promise<Pods["pods"][number]> {
  await operator.finished(
    (await operator.confirm(await operator.plan(name, { action: "deploy" }))).id,
  );
  const { pods } = await operator.get<Pods>(`/api/components/${name}/pods`);
  const [pod] = pods;
  assert.ok(pod);
  assert.equal(pod.owner?.name, "web");
  return pod;
}

/** Reads until there are enough lines, acknowledging each batch, or none at all. */
async function read(
  { address, cookie }: Client,
  path: string,
  enough: (lines: readonly string[], messages: readonly LogMessage[]) => boolean,
  acknowledge = true,
): Promise<{ lines: string[]; messages: LogMessage[]; position: string }> {
  const headers = { cookie, origin: address };
  const socket = new WebSocket(address.replace("http", "ws") + path, { headers });
  const [lines, messages]: [string[], LogMessage[]] = [[], []];
  let position = "";
  const done = Promise.withResolvers<void>();
  socket.addEventListener("message", ({ data }) => {
    const message = logMessage.parse(JSON.parse(data));
    messages.push(message);
    if (message.type === "lines") {
      lines.push(...message.lines.map(({ text }) => text));
      position = message.position;
      if (acknowledge) socket.send(JSON.stringify({ type: "ack", batch: message.batch }));
    }
    if (message.type === "error") done.reject(new Error(message.error.message));
    if (enough(lines, messages)) done.resolve();
  });
  socket.addEventListener("error", () => done.reject(new Error("the socket is broken")));
  socket.addEventListener("close", () => done.resolve());
  await done.promise;
  const closed = new Promise<void>((resolve) => socket.addEventListener("close", () => resolve()));
  if (socket.readyState !== WebSocket.CLOSED) {
    socket.close();
    await closed;
  }
  return { lines, messages, position };
}

const numbered = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => `line ${first + index}`);

Deno.test("a log goes on after a lost connection where it was, and nothing is lost in a flood", async () => {
  await using space = await workspace();
  await using log = await podWithLog(space);
  await using served = await dashboard(space);
  const { operator, viewer } = served;
  const pod = await deployed(operator, space.name);
  await Deno.writeTextFile(log.file, cri(0, 1_000));
  await log.follow(pod.name);
  const query = `namespace=${space.name}&pod=${pod.name}&container=app`;
  const path = `/api/components/${space.name}/logs?${query}`;

  const first = await read(viewer, `${path}&tail=10`, (lines) => lines.length >= 10);
  assert.deepEqual(first.lines, numbered(990, 10));
  // Cut off in the middle of lines of the same time.
  await Deno.writeTextFile(log.file, cri(1_000, 500), { append: true });
  const after = `&after=${encodeURIComponent(first.position)}`;
  const second = await read(viewer, path + after, (lines) => lines.length >= 500);
  assert.deepEqual(second.lines, numbered(1_000, 500));
  assert.ok(second.messages.every(({ type }) => type !== "skipped"));

  // 200,000 lines at once: all of them come, since the reader says when it has got some.
  await Deno.writeTextFile(log.file, cri(1_500, 200_000), { append: true });
  const last = `&after=${encodeURIComponent(second.position)}`;
  const flood = await read(viewer, path + last, (lines) => lines.length >= 200_000);
  assert.equal(flood.lines.length, 200_000);
  assert.deepEqual(flood.lines.at(-1), "line 201499");
  assert.deepEqual(flood.lines, numbered(1_500, 200_000));

  // Who says nothing gets eight batches, and no more.
  const silent = await read(
    viewer,
    path + last,
    (_, messages) => messages.filter(({ type }) => type === "lines").length >= 8,
    false,
  );
  assert.ok(silent.lines.length <= 8_000);
});

Deno.test("who wants to stay at the newest is told how many lines were passed over", async () => {
  await using space = await workspace();
  await using log = await podWithLog(space);
  await using served = await dashboard(space);
  const { operator, viewer } = served;
  const pod = await deployed(operator, space.name);
  const count = 150_000;
  await Deno.writeTextFile(log.file, cri(0, count));
  await log.follow(pod.name);
  const query = `namespace=${space.name}&pod=${pod.name}&container=app&tail=100000&behind=skip`;
  const { lines, messages } = await read(
    viewer,
    `/api/components/${space.name}/logs?${query}`,
    (lines) => lines.at(-1) === `line ${count - 1}`,
  );
  const skipped = messages.reduce(
    (sum, message) => sum + (message.type === "skipped" ? message.lines ?? 0 : 0),
    0,
  );
  assert.equal(lines.length + skipped, 100_000);
  const numbers = lines.map((line) => Number(line.slice(5)));
  assert.ok(numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0)));
});

Deno.test("only logs of the component can be read, and a whole one can be kept", async () => {
  await using space = await workspace();
  await using log = await podWithLog(space);
  await using served = await dashboard(space);
  const { operator, viewer } = served;
  const pod = await deployed(operator, space.name);
  await Deno.writeTextFile(log.file, cri(0, 5_000));
  await log.follow(pod.name);
  const query = `namespace=${space.name}&pod=${pod.name}&container=app`;
  const answer = await fetch(`${viewer.address}/api/components/${space.name}/log?${query}`);
  assert.match(answer.headers.get("content-disposition") ?? "", /attachment/);
  const text = await answer.text();
  assert.equal(text.trimEnd().split("\n").length, 5_000);
  for (
    const foreign of [
      "namespace=kube-system&pod=a&container=app",
      `namespace=${space.name}&pod=${pod.name}&container=other`,
      `namespace=${space.name}&pod=..%2F..%2Fsecrets&container=app`,
    ]
  ) {
    const refused = await fetch(`${viewer.address}/api/components/${space.name}/log?${foreign}`);
    assert.equal(refused.status, 404, foreign);
    await refused.body?.cancel();
  }
  const evil = new WebSocket(
    `${viewer.address.replace("http", "ws")}/api/components/${space.name}/logs?${query}`,
    { headers: { origin: "https://evil.example" } },
  );
  await new Promise((resolve) => evil.addEventListener("error", resolve));
});

Deno.test("the log of an init container is followed to its end", async () => {
  await using space = await workspace();
  await using log = await podWithLog(space, "prepare");
  await using served = await dashboard(space);
  const { operator, viewer } = served;
  const pod = await deployed(operator, space.name);
  assert.deepEqual(pod.containers.map(({ name, init }) => [name, init]), [
    ["prepare", true],
    ["app", false],
  ]);
  await Deno.writeTextFile(log.file, cri(0, 5));
  await log.follow(pod.name);
  const query = `namespace=${space.name}&pod=${pod.name}&container=prepare`;
  const path = `/api/components/${space.name}/logs?${query}`;
  const isOver = (messages: readonly LogMessage[]) => messages.some(({ type }) => type === "end");
  const all = await read(viewer, path, (_, messages) => isOver(messages));
  assert.deepEqual(all.lines, numbered(0, 5));
  const [end] = all.messages.filter((message) => message.type === "end");
  assert.match(end?.reason ?? "", /ended with code 0/);
});
