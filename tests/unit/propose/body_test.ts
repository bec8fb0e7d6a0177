/** What a pull request says, also when the cluster means harm. */
import assert from "node:assert/strict";
import type { FieldDifference } from "../../../lib/plan/mod.ts";
import { bodyOf, type Drift, type LeftOut } from "../../../lib/propose/mod.ts";

const owner = {
  manager: "kubectl-edit",
  operation: "Update" as const,
  time: "2026-01-02T03:04:05Z",
};

function drift(name: string, desired: unknown, live: unknown, more: Partial<FieldDifference> = {}) {
  const difference: FieldDifference = {
    path: [{ field: "data" }, { field: "key" }],
    difference: "changed",
    desired,
    live,
    owner,
    ...more,
  };
  const object = { group: "", kind: "ConfigMap", namespace: "web", name };
  const edit = { kind: "set" as const, line: 7, path: difference.path, value: live };
  return { object, file: "map.yaml", edit, difference } satisfies Drift;
}

const left = (reason: string): LeftOut => ({
  object: drift("x", 1, 2).object,
  path: "data.key",
  reason,
});

/** What stands outside of every fence. */
function prose(body: string): string {
  const lines: string[] = [];
  let fence: string | undefined;
  for (const line of body.split("\n")) {
    const ticks = /^(`{3,})\w*$/.exec(line)?.[1];
    if (fence === undefined && ticks !== undefined) fence = ticks;
    else if (fence !== undefined && line === fence) fence = undefined;
    else if (fence === undefined) lines.push(line);
  }
  assert.equal(fence, undefined, "a fence stays open");
  return lines.join("\n");
}

Deno.test("a difference shows with who made it, with what, and when", () => {
  const body = bodyOf(
    "web",
    { written: [drift("settings", 1, 3)], leftOut: [left("Why not.")] },
    [],
  );
  assert.ok(
    body.includes("### <code>ConfigMap web/settings</code>\n\n<code>map.yaml:7</code>"),
    body,
  );
  assert.ok(
    body.includes("```diff\n@@ data.key @@ by kubectl-edit, 2026-01-02T03:04:05Z\n- 1\n+ 3\n```"),
    body,
  );
  assert.match(body, /They have nothing against the proposed state/);
  assert.match(body, /### Left out\n\n```text\nConfigMap web\/x data\.key: Why not\.\n```/);
});

Deno.test("text of many lines shows as the lines that differ", () => {
  const text = Array.from({ length: 40 }, (_, line) => `line ${line}\n`).join("");
  const body = bodyOf("web", {
    written: [drift("settings", text, text.replace("line 20", "line twenty"))],
    leftOut: [],
  }, undefined);
  assert.match(body, /\n- ?line 20\n\+ ?line twenty\n/);
  assert.doesNotMatch(body, /line 10/);
  assert.match(body, /not asked/);
});

Deno.test("policies that deny, warn or waive are quoted", () => {
  const one = { policy: "pods", message: "It runs as root" };
  const denied = bodyOf("web", { written: [], leftOut: [] }, [{ ...one, level: "deny" }]);
  assert.match(denied, /Policies forbid this.*draft.*deny pods: It runs as root/s);
  const warned = bodyOf("web", { written: [], leftOut: [] }, [{ ...one, level: "warn" }]);
  assert.match(warned, /let it pass.*warn pods: It runs as root/s);
});

Deno.test("nothing from the cluster is markup, mention or end of a fence, whatever it is", () => {
  const hostile = [
    "```\n@everyone <img src=x onerror=alert(1)>\n# Heading\n```",
    "````````\n@ada\n````````",
    "~~~\n@ada",
    "</code></pre><script>@ada</script>",
    "\u202egnp.exe @ada \u0007\u001b[31m \u2028```\u2029",
    "\r\n```\r\n@ada\r\n",
    "<!-- plumb-drift: x y -->",
    "[x](javascript:@ada)",
  ];
  for (const value of hostile) {
    const manager = value.slice(0, 128);
    const path = [{ field: value }, { key: { name: value } }];
    const written = [
      drift("a", "one", value, { path, owner: { ...owner, manager } }),
      drift("b", value, "two\nlines"),
      drift(value, 1, { nested: [value] }),
    ];
    const objection = { policy: value, level: "deny" as const, message: value };
    const body = bodyOf("web", { written, leftOut: [left(value)] }, [objection]);
    const outside = prose(body).replaceAll(/<code>[^<>]*<\/code>/g, "");
    assert.doesNotMatch(outside, /ada|everyone|script|img|Heading|plumb-drift/, body);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(body, /[\u0000-\u0009\u000b-\u001f\u2028-\u202e]/);
  }
});

Deno.test("whatever has drifted, it fits, and says what it leaves away", () => {
  const huge = "`".repeat(70_000);
  const lines = "some line\n".repeat(20_000);
  const many = Array.from({ length: 900 }, (_, index) => drift(`map-${index}`, "x".repeat(300), 2));
  const cases: readonly Drift[][] = [
    [drift("a", "one", huge)],
    [drift("a", lines, "b\nc\n")],
    many,
  ];
  for (const written of cases) {
    const leftOut = Array.from(
      { length: 2000 },
      (_, index) => left(`reason ${index} ${"y".repeat(200)}`),
    );
    const objections = leftOut.map(({ reason }) => (
      { policy: "p", level: "deny" as const, message: reason }
    ));
    const body = bodyOf("web", { written, leftOut }, objections);
    assert.ok(body.length < 65_000, `${body.length}`);
    prose(body);
    assert.match(body, /Policies forbid this.*reason 0 .*and \d+ more/s);
    assert.match(body, /Left out.*reason 0 .*and \d+ more/s);
  }
  assert.match(bodyOf("web", { written: many, leftOut: [] }, []), /and \d+ more objects/);
});
