/** The checks of CVAT against a CVAT that keeps to its own description, with a real OPA: well, and with each fault. */
import assert from "node:assert/strict";
import { ALL, CASES, faults } from "./cvat/cases.ts";
import { startCvatWithOpa } from "./cvat/verified.ts";
import { Description } from "./openapi.ts";
import { until } from "./servers/ports.ts";

for (const release of ["2.64.0", "2.23.1"] as const) {
  Deno.test(`every check passes on a healthy CVAT ${release}, and leaves nothing behind`, async () => {
    await using stack = await startCvatWithOpa({ release });
    const { results } = await stack.check(ALL);
    for (const result of results) assert.equal(result.status, "passed", JSON.stringify(result));
    assert.deepEqual(stack.cvat.violations, []);
    assert.deepEqual(stack.cvat.tasks(), []);
    const said = JSON.stringify(results);
    assert.match(said, /every box as it was annotated/);
    assert.match(said, /the same annotations/);
    assert.doesNotMatch(said, /checker-password|other-password/);
  });
}

Deno.test("each fault of CVAT is told by the right check, in words, and what follows is not judged", async (test) => {
  for (const { name, set, check, says, settings } of CASES) {
    await test.step(name, async () => {
      await using stack = await startCvatWithOpa();
      await set(stack);
      const { results, events } = await stack.check(ALL, settings);
      const wrong = results.filter(({ status }) => status === "failed");
      const first = results.find((result) => result.name === check);
      assert.equal(first?.status, "failed", JSON.stringify(results));
      assert.match(`${first.message} ${first.probably ?? ""}`, says);
      // OPA's absence is seen by CVAT's own health, too.
      const others = wrong.filter((result) => result.name !== check).map((result) => result.name);
      assert.deepEqual(others, name === "OPA is away" ? ["cvat-health"] : []);
      assert.deepEqual(stack.cvat.violations, []);
      assert.doesNotMatch(JSON.stringify(events), /checker-password|other-password/);
      if (faults(stack).down.size === 0 && name !== "OPA is away") {
        assert.deepEqual(stack.cvat.tasks(), []);
      }
    });
  }
});

Deno.test("OPA without a bundle, and with the rules of something else, are told apart", async (test) => {
  await test.step("none is configured", async () => {
    await using stack = await startCvatWithOpa({ withBundle: false });
    const { results } = await stack.check(["opa", "cvat-health", "cvat-task"]);
    assert.match(
      `${results[0]?.message} ${results[0]?.probably}`,
      /bundle cvat is not there.*runs without a bundle/,
    );
    // CVAT's own health says that all is well; only its work shows the fault.
    assert.deepEqual(results.map(({ status }) => status), ["failed", "passed", "failed"]);
  });
  await test.step("a bundle that can't be compiled", async () => {
    await using stack = await startCvatWithOpa({
      rules: { "rules/tasks.rego": "package tasks\nallow {" },
    });
    const { results } = await stack.check(["opa", "cvat-health"]);
    assert.match(`${results[0]?.message} ${results[0]?.probably}`, /can't fetch its rules/);
    assert.match(
      `${results[1]?.message} ${results[1]?.probably}`,
      /OPAHealthCheck.*not loaded its rules/,
    );
  });
  await test.step("rules that let everybody in", async () => {
    const open = "import rego.v1\nallow := true\nfilter := []\n";
    await using stack = await startCvatWithOpa({
      rules: {
        ...Object.fromEntries(
          ["tasks", "users", "server", "events"].map((name) => [
            `rules/${name}.rego`,
            `package ${name}\n${open}`,
          ]),
        ),
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const { results } = await stack.check(["opa", "cvat-health", "cvat-task"]);
    assert.match(results[0]?.message ?? "", /answers true where false is right/);
    assert.match(
      `${results[2]?.message} ${results[2]?.probably}`,
      /answered 200.*OPA holds other rules/,
    );
  });
});

Deno.test("what a killed run left is removed by a later one, and nothing else is", async () => {
  const hour = 60 * 60 * 1000;
  let now = Date.now() - 2 * hour;
  await using stack = await startCvatWithOpa({ clock: () => now });
  const make = async (name: string) => {
    const answer = await fetch(`${stack.url}/api/tasks`, {
      method: "POST",
      headers: {
        authorization: `Basic ${btoa("checker:checker-password")}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ name }),
    });
    await answer.body?.cancel();
  };
  await make("plumb-verify-0000-images");
  await make("not-plumb-verify-0000");
  now = Date.now();
  await make("plumb-verify-1111-of-a-run-that-goes-on");
  const { results } = await stack.check(["cvat-task"]);
  assert.equal(results[0]?.status, "passed");
  assert.match(JSON.stringify(results), /left by killed runs, now removed","value":"1"/);
  assert.deepEqual(stack.cvat.tasks(), [
    "not-plumb-verify-0000",
    "plumb-verify-1111-of-a-run-that-goes-on",
  ]);
});

Deno.test("an interrupted run removes what it has made", async () => {
  await using stack = await startCvatWithOpa();
  stack.cvat.faults.unserved.add("import");
  const controller = new AbortController();
  const running = stack.check(ALL, { "cvat-media": { patience: 60 } }, {
    signal: controller.signal,
  });
  while (!stack.cvat.tasks().some((name) => name.endsWith("-images"))) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  controller.abort();
  const { results } = await running;
  const ends = Object.fromEntries(results.map(({ name, status }) => [name, status]));
  assert.equal(ends["cvat-task"], "passed");
  assert.equal(ends["cvat-media"], "not-judged");
  assert.equal(ends["cvat-export"], "not-judged");
  assert.deepEqual(stack.cvat.tasks(), []);
});

Deno.test("a server that answers slowly does not hang the run, and the check that it hangs says so", async () => {
  await using stack = await startCvatWithOpa();
  stack.cvat.faults.slow = 300;
  const { results } = await stack.check(["cvat-health", "cvat-task"]);
  assert.deepEqual(results.map(({ status }) => status), ["passed", "passed"]);
});

Deno.test("the address of a result is asked by its path, whatever host it names", async () => {
  await using stack = await startCvatWithOpa();
  stack.cvat.faults.resultBase = "https://cvat-backend.cvat.svc:8080";
  const { results } = await stack.check(ALL);
  for (const result of results) assert.equal(result.status, "passed", JSON.stringify(result));
});

Deno.test("an ingress without a server behind it is told from a server that is not well", async () => {
  await using stack = await startCvatWithOpa();
  await using ingress = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("<h1>502 Bad Gateway</h1>", { status: 502 }),
  );
  const { result } = await stack.check(["cvat-health"], {
    "cvat-health": { url: `http://127.0.0.1:${ingress.addr.port}` },
  });
  assert.match(
    `${result.message} ${result.probably}`,
    /answers 502 through the ingress.*finds no server behind it/,
  );
});

Deno.test("decisions of another OPA than the one that CVAT asks are seen to differ", async () => {
  await using stack = await startCvatWithOpa();
  const open = "import rego.v1\nallow := true\nfilter := []\n";
  await using other = await startCvatWithOpa({
    rules: { "rules/tasks.rego": `package tasks\n${open}` },
  });
  await until("the other rules", async () => {
    const answer = await fetch(`http://127.0.0.1:${other.opaPort}/v1/data/tasks/allow`);
    return JSON.stringify(await answer.json()).includes("true");
  });
  const { results } = await stack.check(["cvat-health", "cvat-task", "cvat-rules"], {
    "cvat-rules": { service: "other-opa:8181" },
  }, { services: { "other-opa:8181": other.opaPort } });
  assert.match(
    `${results[2]?.message} ${results[2]?.probably}`,
    /OPA allows to view a task as the other account, but CVAT answers 403.*another OPA/,
  );
  await other.stopOpa();
  const again = await stack.check(["cvat-health", "cvat-task", "cvat-rules"], {
    "cvat-rules": { service: "other-opa:8181" },
  }, { services: { "other-opa:8181": other.opaPort } });
  assert.match(`${again.results[2]?.message} ${again.results[2]?.probably}`, /reached.*is down/);
});

Deno.test("an exchange that does not fit CVAT's description is seen", async () => {
  await using stack = await startCvatWithOpa();
  const send = async (path: string, body: unknown) => {
    const answer = await fetch(stack.url + path, {
      method: "POST",
      headers: {
        authorization: `Basic ${btoa("checker:checker-password")}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(body),
    });
    await answer.body?.cancel();
    return answer.status;
  };
  assert.equal(await send("/api/tasks", { name: "x", label: [] }), 201);
  assert.match(stack.cvat.violations.join(), /the field label is not described/);
  assert.equal(await send("/api/tasks", {}), 400);
  const description = new Description({
    paths: {
      "/a/{id}": {
        get: {
          parameters: [{ in: "query", name: "page", schema: { type: "integer" }, required: true }],
          responses: {
            "200": {
              content: {
                "application/json": { schema: { $ref: "#/components/schemas/A" } },
              },
            },
          },
        },
      },
    },
    components: {
      schemas: {
        A: {
          type: "object",
          required: ["id"],
          properties: { id: { type: "integer", nullable: true } },
        },
      },
    },
  });
  const asked = { method: "GET", path: "/a/1", contentType: "", body: undefined };
  assert.deepEqual(description.request({ ...asked, query: new URLSearchParams("page=2") }), []);
  assert.match(
    String(description.request({ ...asked, query: new URLSearchParams() })),
    /lacks page/,
  );
  assert.match(
    String(description.request({ ...asked, query: new URLSearchParams("page=x&b=1") })),
    /page.*b/,
  );
  const answer = (body: unknown, status = 200) =>
    description.answer({ ...asked, query: new URLSearchParams() }, {
      status,
      contentType: "application/json",
      body,
    });
  assert.deepEqual(answer({ id: null }), []);
  assert.match(String(answer({ id: "x" })), /id must be integer/);
  assert.match(String(answer({})), /must have required property/);
  assert.match(String(answer({ id: 1 }, 201)), /not described/);
});
