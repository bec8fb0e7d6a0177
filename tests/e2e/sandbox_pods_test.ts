import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { CoreV1Api, Exec, KubeConfig, PortForward } from "@kubernetes/client-node";
import { z } from "zod";
import { FAIL_ANNOTATION, forwardPort, setExec, setLogs } from "../../lib/sandbox/mod.ts";
import type { Failure } from "../../lib/sandbox/mod.ts";
import { Connection } from "../../lib/sandbox/connection.ts";
import type { Manifest } from "../../lib/sandbox/connection.ts";
import { until } from "../unit/sandbox/support.ts";
import { testCluster } from "../sandbox.ts";

/** A namespace of a test; deleted without waiting at the end of the block. */
async function namespace(): Promise<AsyncDisposable & Space> {
  const { kubeconfig } = await testCluster();
  const connection = new Connection(await Deno.readTextFile(kubeconfig));
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const name = `sandbox-${crypto.randomUUID().slice(0, 8)}`;
  await connection.apply("namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  await until(async () => {
    const path = `/api/v1/namespaces/${name}/serviceaccounts/default`;
    await assert.doesNotReject(connection.request("GET", path));
  });
  return {
    name,
    kubeconfig,
    config,
    connection,
    async [Symbol.asyncDispose]() {
      await config.makeApiClient(CoreV1Api).deleteNamespace({ name });
      connection[Symbol.dispose]();
    },
  };
}

interface Space {
  readonly name: string;
  readonly kubeconfig: string;
  readonly config: KubeConfig;
  readonly connection: Connection;
}

const CONTAINERS = [{ name: "app", image: "example.com/app:1" }];

async function createPod(space: Space, name: string, failure?: Failure): Promise<void> {
  const annotations = failure === undefined ? {} : { [FAIL_ANNOTATION]: failure };
  await space.connection.apply("pods", {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: space.name, labels: { app: name }, annotations },
    spec: {
      initContainers: [{ name: "init", image: "example.com/init:1" }],
      containers: CONTAINERS,
    },
  });
}

const Pod = z.object({
  status: z.object({
    phase: z.string(),
    podIP: z.string(),
    conditions: z.array(z.object({ type: z.string(), status: z.string() })),
    initContainerStatuses: z.array(z.object({ state: z.object({ terminated: z.unknown() }) })),
    containerStatuses: z.array(z.object({
      ready: z.boolean(),
      restartCount: z.number(),
      state: z.object({ waiting: z.object({ reason: z.string() }).optional() }),
    })),
  }),
});

/** The status of a pod, once it has one. */
async function podStatus(space: Space, name: string): Promise<z.infer<typeof Pod>["status"]> {
  return await until(async () => {
    const answer = await space.connection.request(
      "GET",
      `/api/v1/namespaces/${space.name}/pods/${name}`,
    );
    const pod = Pod.safeParse(answer);
    assert.equal(pod.success, true);
    return Pod.parse(answer).status;
  });
}

Deno.test("a pod becomes ready with its init containers completed", async () => {
  await using space = await namespace();
  await createPod(space, "web");
  const status = await podStatus(space, "web");
  assert.equal(status.phase, "Running");
  assert.equal(status.containerStatuses[0]?.ready, true);
  assert.ok(status.conditions.some(({ type, status }) => type === "Ready" && status === "True"));
  assert.deepEqual(
    z.object({ reason: z.string(), exitCode: z.number() })
      .parse(status.initContainerStatuses[0]?.state.terminated),
    { reason: "Completed", exitCode: 0 },
  );
});

for (
  const [failure, phase, reason] of [
    ["image-pull", "Pending", "ImagePullBackOff"],
    ["crash-loop", "Running", "CrashLoopBackOff"],
    ["never-ready", "Running", undefined],
  ] as const
) {
  Deno.test(`a pod with the annotation ${failure} fails in that way`, async () => {
    await using space = await namespace();
    await createPod(space, "web", failure);
    const status = await podStatus(space, "web");
    assert.equal(status.phase, phase);
    assert.equal(status.containerStatuses[0]?.ready, false);
    assert.equal(status.containerStatuses[0]?.state.waiting?.reason, reason);
    assert.ok(status.conditions.some(({ type, status }) => type === "Ready" && status === "False"));
  });
}

function job(name: string, namespace: string, failure?: Failure): Manifest {
  const annotations = failure === undefined ? {} : { [FAIL_ANNOTATION]: failure };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace },
    spec: {
      backoffLimit: 0,
      template: {
        metadata: { annotations },
        spec: { restartPolicy: "Never", containers: CONTAINERS },
      },
    },
  };
}

Deno.test("a Job completes, and fails where that is asked for", async () => {
  await using space = await namespace();
  await space.connection.apply("jobs", job("good", space.name));
  await space.connection.apply("jobs", job("bad", space.name, "job"));
  const Status = z.object({
    status: z.object({ succeeded: z.number().default(0), failed: z.number().default(0) }),
  });
  const path = `/apis/batch/v1/namespaces/${space.name}/jobs`;
  await until(async () => {
    const good = Status.parse(await space.connection.request("GET", `${path}/good`)).status;
    const bad = Status.parse(await space.connection.request("GET", `${path}/bad`)).status;
    assert.deepEqual([good.succeeded, good.failed], [1, 0]);
    assert.deepEqual([bad.succeeded, bad.failed], [0, 1]);
  });
});

Deno.test("a Deployment becomes available and its Service has endpoints", async () => {
  await using space = await namespace();
  const metadata = { name: "web", namespace: space.name };
  const labels = { app: "web" };
  await space.connection.apply("deployments", {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: CONTAINERS } },
    },
  });
  await space.connection.apply("services", {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { selector: labels, ports: [{ name: "http", port: 80 }] },
  });
  await until(async () => {
    const path = `/apis/apps/v1/namespaces/${space.name}/deployments/web`;
    const deployment = z.object({ status: z.object({ availableReplicas: z.number().default(0) }) });
    const answer = deployment.parse(await space.connection.request("GET", path));
    assert.equal(answer.status.availableReplicas, 3);
  });
  await until(async () => {
    const path = `/apis/discovery.k8s.io/v1/namespaces/${space.name}/endpointslices`;
    const slices = z.object({ items: z.array(z.object({ endpoints: z.array(z.unknown()) })) });
    const answer = slices.parse(await space.connection.request("GET", path));
    assert.equal(answer.items.flatMap((slice) => slice.endpoints).length, 3);
  });
});

Deno.test("a PersistentVolumeClaim is bound by the default StorageClass", async () => {
  await using space = await namespace();
  await space.connection.apply("persistentvolumeclaims", {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data", namespace: space.name },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  });
  await until(async () => {
    const path = `/api/v1/namespaces/${space.name}/persistentvolumeclaims/data`;
    const claim = z.object({ status: z.object({ phase: z.string() }) });
    assert.equal(claim.parse(await space.connection.request("GET", path)).status.phase, "Bound");
  });
});

Deno.test("a deleted namespace goes away with its pods", async () => {
  const space = await namespace();
  await createPod(space, "web");
  await podStatus(space, "web");
  await space.config.makeApiClient(CoreV1Api).deleteNamespace({ name: space.name });
  await until(async () => {
    const request = space.connection.request("GET", `/api/v1/namespaces/${space.name}`);
    await assert.rejects(request, { message: /404/ });
  });
  space.connection[Symbol.dispose]();
});

Deno.test("each pod has a log, and its own one where it was set", async () => {
  await using space = await namespace();
  await createPod(space, "web");
  await podStatus(space, "web");
  const path = `/api/v1/namespaces/${space.name}/pods/web/log`;
  assert.match(String(await space.connection.request("GET", path)), /^This pod runs in a sandbox/);
  const folder = await Deno.makeTempDir();
  try {
    await setLogs(space.kubeconfig, {
      namespace: space.name,
      labels: { app: "web" },
      lines: ["connecting", "no route to postgres"],
      previous: ["first run"],
      folder,
    });
    await until(async () => {
      const log = await space.connection.request("GET", `${path}?tailLines=1`);
      assert.equal(log, "no route to postgres\n");
    });
    assert.equal(await space.connection.request("GET", `${path}?previous=true`), "first run\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** What a command in the pod writes to its output. */
async function execute(space: Space, pod: string, command: string[]): Promise<string> {
  const output = new PassThrough();
  const ended = Promise.withResolvers<void>();
  await new Exec(space.config).exec(
    space.name,
    pod,
    "app",
    command,
    output,
    null,
    null,
    false,
    () => ended.resolve(),
  );
  await ended.promise;
  return String(output.read() ?? "");
}

Deno.test("a command in a pod runs, with the environment that was set", async () => {
  await using space = await namespace();
  await createPod(space, "web");
  await podStatus(space, "web");
  assert.equal(await execute(space, "web", ["echo", "hello"]), "hello\n");
  await setExec(space.kubeconfig, {
    namespace: space.name,
    name: "web",
    environment: { ROLE: "worker" },
    workFolder: "/",
  });
  await until(async () => {
    const text = await execute(space, "web", ["sh", "-c", 'echo "$ROLE $PWD"']);
    assert.equal(text, "worker /\n");
  });
});

/** What a server behind a forwarded port of a pod sends first. */
async function readForwarded(space: Space, pod: string, port: number): Promise<string> {
  const output = new PassThrough();
  const errors = new PassThrough();
  const socket = await new PortForward(space.config)
    .portForward(space.name, pod, [port], output, errors, new PassThrough());
  const text = await Promise.race(
    [output, errors].map((stream) =>
      new Promise<string>((resolve) => stream.once("data", (chunk) => resolve(String(chunk))))
    ),
  );
  if (!(socket instanceof Function)) socket.close();
  return text;
}

Deno.test("a forwarded port leads to a process on loopback, and is refused without a rule", async () => {
  await using space = await namespace();
  await createPod(space, "database");
  await podStatus(space, "database");
  assert.match(await readForwarded(space, "database", 5432), /no forward found for port 5432/);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const greeting = greet(listener);
  const rule = { namespace: space.name, port: 5432, to: listener.addr.port };
  await forwardPort(space.kubeconfig, { ...rule, labels: { app: "database" } });
  await until(async () => {
    assert.equal(await readForwarded(space, "database", 5432), "ready\n");
  });
  await greeting;
});

async function greet(listener: Deno.TcpListener): Promise<void> {
  using connection = await listener.accept();
  await connection.write(new TextEncoder().encode("ready\n"));
}

Deno.test("a rule for pods that are not there is an error", async () => {
  await using space = await namespace();
  await assert.rejects(
    forwardPort(space.kubeconfig, { namespace: space.name, labels: { app: "x" }, port: 1, to: 1 }),
    { code: "no-pods", message: `No pod of ${space.name} has the labels "app=x"` },
  );
});
