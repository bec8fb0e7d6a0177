/** Checks by the dashboard: run, told as they go, kept on the board, and remembered with who ran them. */
import assert from "node:assert/strict";
import type { Board, ComponentDetail, History } from "../../lib/serve/contract.ts";
import { type Client, dashboard } from "../dashboard.ts";
import { COMPONENT_YAML, deployment, documents, NAMESPACE, plumb, workspace } from "../plumb.ts";

const IMAGE = `registry.example.com/app:1@sha256:${"0123456789abcdef".repeat(4)}`;

async function act(operator: Client, name: string, action: "deploy" | "verify") {
  const planned = await operator.plan(name, { action });
  assert.equal(planned.state, "waiting", JSON.stringify(planned));
  await operator.confirm(planned);
  return await operator.finished(planned.id);
}

Deno.test("checks are run by the API, and their evidence, probable causes and trend stay", async () => {
  await using space = await workspace();
  let status = 503;
  const folder = `${space.folder}/${space.name}`;
  const options = ["--path", folder, "--name", space.name, "--namespace", space.name];
  await using page = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response("hello", { status }),
  );
  await space.write({
    [`${space.name}/app.yaml`]: documents(NAMESPACE, deployment("web", { image: IMAGE })),
    [`${space.name}/component.yaml`]: `${COMPONENT_YAML}  verify:
    checks:
      - { check: deployment }
      - { check: http, name: page, url: "http://127.0.0.1:${page.addr.port}" }
`,
  });
  const path = `/api/components/${space.name}`;
  const verdictsOf = async (client: Client) =>
    (await client.get<Board>(`${path}/checks`)).runs.map(({ passed, failed }) => [passed, failed]);
  {
    await using served = await dashboard(space);
    const { operator, viewer } = served;
    assert.equal((await act(operator, space.name, "deploy")).result, "applied");
    const before = await viewer.get<Board>(`${path}/checks`);
    assert.deepEqual(before.checks.map(({ name, last, trend }) => [name, last, trend.length]), [
      ["deployment", undefined, 0],
      ["page", undefined, 0],
    ]);

    const failed = await act(operator, space.name, "verify");
    assert.equal(failed.result, "unverified");
    assert.deepEqual(failed.plan?.steps.length, 2);
    const told = (await Array.fromAsync(viewer.events(failed.id))).flatMap(({ data }) =>
      data.type === "event" && data.event.type === "check"
        ? [`${data.event.name} ${data.event.status}`]
        : []
    );
    for (const one of ["page running", "page failed", "deployment running", "deployment passed"]) {
      assert.ok(told.includes(one), one);
    }
    const { checks } = await viewer.get<Board>(`${path}/checks`);
    const [workloads, answer] = checks.map(({ last }) => last);
    assert.equal(workloads?.status, "passed");
    assert.ok((workloads?.evidence ?? []).length > 0);
    assert.match(answer?.message ?? "", /answers 503, not 200/);
    assert.match(answer?.probably ?? "", /ingress is away/);
    assert.match(answer?.hint ?? "", /curl/);
    assert.match(answer?.evidence?.[0]?.value ?? "", /^503 in/);

    status = 200;
    assert.equal((await act(operator, space.name, "verify")).result, "verified");
    const outside = await plumb(["verify", ...options], { environment: { USER: "ben" } });
    assert.equal(outside.code, 0, outside.output);
    // What is done elsewhere is seen at the next look.
    const trends = async () => {
      const { checks } = await viewer.get<Board>(`${path}/checks`);
      return checks.map(({ trend }) => trend.map(({ status }) => status));
    };
    let now = await trends();
    while (now[0]?.length !== 3) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      now = await trends();
    }
    assert.deepEqual(now, [["passed", "passed", "passed"], ["failed", "passed", "passed"]]);
    const again = await operator.plan(space.name, { action: "verify" });
    assert.equal(again.expected?.runs, 3);
  }
  status = 503;
  assert.equal((await plumb(["verify", ...options], { environment: { USER: "cy" } })).code, 3);
  await using served = await dashboard(space);
  const { viewer } = served;
  // Those of the command line are there, too, and a server that was started again knows them all.
  assert.deepEqual(await verdictsOf(viewer), [[1, 1], [2, 0], [2, 0], [1, 1]]);
  const { component } = await viewer.get<ComponentDetail>(path);
  assert.deepEqual([component.verified?.passed, component.verified?.failed], [1, 1]);
  const { checks: [workloads, answer], runs: verdicts } = await viewer.get<Board>(
    `${path}/checks`,
  );
  assert.equal(workloads?.last?.status, "passed");
  assert.ok((workloads?.last?.evidence ?? []).length > 0);
  assert.match(answer?.last?.message ?? "", /answers 503, not 200/);
  assert.match(answer?.last?.probably ?? "", /ingress is away/);
  assert.match(answer?.last?.evidence?.[0]?.value ?? "", /^503 in/);
  assert.deepEqual(answer?.trend.map(({ status }) => status), [
    "failed",
    "passed",
    "passed",
    "failed",
  ]);
  assert.match(verdicts.at(-1)?.by ?? "", /^cy@/);
  const { entries } = await viewer.get<History>(`${path}/history`);
  assert.deepEqual(
    entries.map(({ action, by }) => `${action} ${by.split("@")[0]}`),
    ["verify cy", "verify ben", "verify ada", "verify ada", "reconcile ada"],
  );
});

Deno.test("settings of verification that are wrong are told with their place and what to do", async () => {
  await using space = await workspace();
  const component = (check: string) =>
    `${COMPONENT_YAML}  verify:
    checks:
      - { check: ${check} }
`;
  const write = (check: string) =>
    space.write({
      [`${space.name}/app.yaml`]: documents(NAMESPACE),
      [`${space.name}/component.yaml`]: component(check),
    });
  await write("deploymnt");
  await using served = await dashboard(space);
  const { operator, viewer } = served;
  const path = `/api/components/${space.name}`;
  assert.deepEqual(await viewer.get<Board>(`${path}/checks`), {
    checks: [],
    runs: [],
    error: {
      code: "unknown-check",
      message: "There is no check deploymnt",
      place: "component.yaml:10",
      hint: "Did you mean deployment?",
    },
  });
  const { component: row } = await viewer.get<ComponentDetail>(path);
  assert.equal(row.never.verify, "There is no check deploymnt");
  const refused = await operator.post(`${path}/runs`, { action: "verify", only: [], skip: [] });
  assert.equal(refused.status, 409);
});
