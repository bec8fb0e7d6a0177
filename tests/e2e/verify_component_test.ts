/** Checks of a component that is not CVAT: from the command line with all its options, and as a library. */
import assert from "node:assert/strict";
import { z } from "zod";
import { Cluster } from "../../lib/cluster/mod.ts";
import type { Event } from "../../lib/event.ts";
import { forwardPort } from "../../lib/sandbox/mod.ts";
import { CheckFailure, defineCheck, openReach, planChecks, verify } from "../../lib/verify/mod.ts";
import { startValkey } from "../contract/servers/valkey.ts";
import { type Run, workspace } from "../plumb.ts";

const CHECKS = [
  { check: "valkey", name: "baskets", service: "shop:6379", keeps: "nothing" },
  { check: "http", name: "page", service: "shop:80", contains: "welcome" },
  { check: "http", name: "stock", service: "shop:80", path: "/stock" },
];

const COMPONENT = `
apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: shop }
spec:
  namespace: NAMESPACE
  policy: "off"
  manifests: [app.yaml]
  verify: ${JSON.stringify({ checks: CHECKS })}
`;

const APP = `
apiVersion: v1
kind: Namespace
metadata: { name: NAMESPACE }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec:
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec: { containers: [{ name: shop, image: example.com/shop }] }
---
apiVersion: v1
kind: Service
metadata: { name: shop }
spec:
  selector: { app: shop }
  ports: [{ name: http, port: 80 }, { name: redis, port: 6379 }]
`;

const ends = ({ events }: Pick<Run, "events">) =>
  events.flatMap((event) =>
    event.type === "check" && event.status !== "running" ? [`${event.name} ${event.status}`] : []
  ).sort();

Deno.test("a second component is verified by the same checks", async (test) => {
  await using space = await workspace();
  const { name: namespace, kubeconfig } = space;
  await space.write({ "component.yaml": COMPONENT, "app.yaml": APP });
  const deployed = await space.reconcile();
  assert.equal(deployed.code, 0, deployed.output);
  let stocked = true;
  await using page = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const isStock = new URL(request.url).pathname === "/stock";
    return isStock && !stocked ? new Response(null, { status: 503 }) : new Response("welcome");
  });
  await using baskets = await startValkey();
  await forwardPort(kubeconfig, { namespace, port: 80, to: page.addr.port });
  await forwardPort(kubeconfig, { namespace, port: 6379, to: baskets.port });

  await test.step("all of them, and some", async () => {
    const run = await space.verify();
    assert.equal(run.code, 0, run.output);
    assert.deepEqual(ends(run), ["baskets passed", "page passed", "stock passed"]);
    assert.deepEqual(ends(await space.verify(["--only", "page"])), ["page passed"]);
    assert.deepEqual(ends(await space.verify(["--skip", "page"])), [
      "baskets passed",
      "stock passed",
    ]);
  });
  await test.step("several times, the first failure counts, and ends it with --fail-fast", async () => {
    assert.equal(ends(await space.verify(["--repeat", "3", "--only", "page"])).length, 3);
    stocked = false;
    const heals = (event: Event) => {
      if (event.type === "verified") stocked = true;
    };
    const run = await space.verify(["--repeat", "2", "--only", "stock"], { onEvent: heals });
    assert.deepEqual([run.code, ends(run)], [3, ["stock failed", "stock passed"]]);
    stocked = false;
    const fast = await space.verify(["--repeat", "2", "--only", "stock", "--fail-fast"]);
    assert.deepEqual([fast.code, ends(fast)], [3, ["stock failed"]]);
  });
  await test.step("again and again, until it is interrupted", async () => {
    stocked = true;
    const controller = new AbortController();
    let rounds = 0;
    const run = await space.verify(["--watch", "100ms", "--only", "page"], {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type === "verified" && ++rounds === 3) controller.abort();
      },
    });
    assert.equal(run.code, 130, run.output);
    assert.equal(ends(run).length, 3);
  });
  await test.step("for people, for a page, for a CI", async () => {
    stocked = false;
    const text = await space.verify(["--output", "text"]);
    assert.match(text.output, /✓ HTTP \(page\)/);
    assert.match(text.output, /✗ HTTP \(stock\): \/stock answers 503, not 200/);
    assert.match(text.output, /probably: The server behind the ingress is away/);
    assert.match(text.output, /✗ 2 passed, 1 failed \(.*; one after the other .*\)/);
    const markdown = await space.verify(["--output", "markdown"]);
    assert.match(markdown.output, /HTTP \(stock\).*answers 503, not 200/s);
    assert.match(markdown.output, /one after the other/);
    const junit = await space.verify(["--output", "junit"]);
    assert.match(junit.output, /<testsuite name=".*" tests="3" failures="1" skipped="0"/);
    assert.match(junit.output, /<failure message="\/stock answers 503, not 200">The server behind/);
    const { events } = await space.verify();
    const total = events.find((event) => event.type === "verified");
    assert.ok(total?.type === "verified" && total.seconds > 0 && total.sequentialSeconds > 0);
  });
  await test.step("as a library, with a check of one's own", async () => {
    using cluster = await Cluster.connect({ kubeconfig, environment: {} });
    await using reach = await openReach({ cluster, namespace, inside: false });
    const basket = defineCheck({
      id: "basket",
      title: "Basket",
      proves: "Somebody has put something into his basket.",
      needs: ["valkey"],
      deadline: 10,
      settings: z.unknown(),
      run: () =>
        Promise.reject(new CheckFailure("The basket is empty", { probably: "Nobody came" })),
    });
    const results = await verify([
      ...planChecks({ checks: CHECKS.slice(0, 2) }),
      { name: "basket", check: basket, settings: {} },
    ], { reach, emit: () => {} });
    assert.deepEqual(results.map(({ name, status }) => [name, status]), [
      ["baskets", "passed"],
      ["page", "passed"],
      ["basket", "failed"],
    ]);
    assert.equal(results[2]?.probably, "Nobody came");
  });
});
