/** The policy gate: what it lets through, what it stops and where, and that it stops it before anything is written. */
import assert from "node:assert/strict";
import { today } from "../../lib/cli/policy.ts";
import type { Event } from "../../lib/event.ts";
import { OPA, requireTool } from "../../lib/tools/mod.ts";
import {
  CONFIG_MAPS,
  configMap,
  documents,
  NAMESPACE,
  outcomeOf,
  planOf,
  plumb,
  type Run,
  workspace,
} from "../plumb.ts";
import { DIGEST, IMAGES } from "../cvat.ts";
import { writeScript } from "../script.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const MISTAKES = `${ROOT}/tests/e2e/fixtures/mistakes`;

type Violation = Extract<Event, { type: "violation" }>;

function violationsOf(run: Run): Violation[] {
  return run.events.flatMap((event) => event.type === "violation" ? [event] : []);
}

const policy = (args: readonly string[]) => plumb(["policy", ...args], { kubeconfig: "/nowhere" });

/** A component whose gate is on; `more` goes into its spec. */
const component = (more = "") =>
  `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: gated }
spec:
  namespace: NAMESPACE
  parameters:
    password: { type: string, secret: true, required: false, description: Of nobody }
${more}`;

/** A Service that the policy network refuses. */
const OPEN = `apiVersion: v1
kind: Service
metadata: { name: open }
spec:
  type: NodePort
  ports: [{ port: 80 }]
`;

Deno.test("the tests of the policies pass", async () => {
  const opa = await requireTool(OPA, {});
  const { code, stdout } = await new Deno.Command(opa, {
    args: ["test", `${ROOT}/policies`, "--verbose"],
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(code, 0, text);
  const tests = text.match(/: PASS \(/g)?.length ?? 0;
  assert.ok(tests >= 15, text);
});

Deno.test("every mistake of the original is refused by name, at its line, and nothing else is", async () => {
  const run = await policy(["--path", MISTAKES]);
  assert.equal(run.code, 4, run.output);
  const names = new Set(violationsOf(run).map((violation) => violation.policy));
  const lines = (await Deno.readTextFile(`${MISTAKES}/original.yaml`)).split("\n");
  const expected = lines.flatMap((line, index) =>
    (/ # ([a-z -]+)$/.exec(line)?.[1] ?? "").split(" ").filter((word) => names.has(word))
      .map((word) => `${index + 1} ${word}`)
  );
  const found = violationsOf(run).map(({ line, policy }) => `${line} ${policy}`);
  assert.deepEqual(found.sort(), expected.sort());
  assert.ok(found.length > 60 && names.size === 13, `${found.length} ${[...names]}`);
  for (const { fix, file, object } of violationsOf(run)) {
    assert.ok(fix.length > 10 && file === "original.yaml" && object !== undefined);
  }
});

for (
  const choice of [
    "exposure=ingress",
    "exposure=gateway",
    "workers=essential",
    "mediaCache=valkey",
    "keycloakClient=given",
  ]
) {
  Deno.test(`CVAT passes with ${choice}, and its secrets need not be known`, async () => {
    const given = ["domain=example.com", "tlsSecret=example-com-tls", choice];
    const set = [...given, ...IMAGES.map((name) => `${name}Digest=${DIGEST}`)];
    const args = ["--path", `${ROOT}/manifests/cvat`, ...set.flatMap((value) => ["--set", value])];
    const run = await policy(args);
    assert.equal(run.code, 0, run.output);
    const warned = violationsOf(run).map((violation) => `${violation.policy} ${violation.message}`);
    assert.equal(warned.length, choice === "mediaCache=valkey" ? 1 : 0, warned.join());
  });
}

Deno.test("a violation stops a run before it writes, and a plan is shown with it", async () => {
  await using space = await workspace();
  await space.write({
    "component.yaml": component(),
    "app.yaml": documents(NAMESPACE, configMap("settings"), OPEN),
  });
  for (const run of [await space.diff(), await space.reconcile()]) {
    assert.deepEqual([run.code, outcomeOf(run)], [4, "refused"], run.output);
    assert.equal(planOf(run).length, 3);
    assert.deepEqual(
      violationsOf(run).map(({ policy, level, file, line }) => [policy, level, file, line]),
      [["network", "deny", "app.yaml", 15]],
    );
  }
  assert.equal(await space.get(CONFIG_MAPS, "settings"), undefined);
  await space.write({
    "component.yaml": component("  policy: report\n"),
    "app.yaml": documents(NAMESPACE, configMap("settings"), OPEN),
  });
  const reported = await space.reconcile();
  assert.equal(reported.code, 0, reported.output);
  assert.deepEqual(violationsOf(reported).map(({ level }) => level), ["warn"]);
});

Deno.test("a waiver lets pass while it counts, is told each time, and not needed is told too", async () => {
  await using space = await workspace();
  const waivers = (expires: string) =>
    component(`  waivers:
    - { policy: network, objects: { name: open }, reason: The laboratory has no ingress yet., expires: ${expires} }
    - { policy: probes, reason: Nothing here has a probe at all., expires: "2099-01-01" }
`);
  const app = documents(NAMESPACE, OPEN);
  await space.write({ "component.yaml": waivers('"2020-02-29"'), "app.yaml": app });
  const expired = await space.reconcile();
  assert.equal(expired.code, 4, expired.output);
  assert.match(violationsOf(expired)[0]?.message ?? "", /its waiver ran out on 2020-02-29$/);
  await space.write({ "component.yaml": waivers(`"${today()}"`), "app.yaml": app });
  const waived = await space.reconcile();
  assert.equal(waived.code, 0, waived.output);
  assert.deepEqual(
    violationsOf(waived).map(({ level, waiver }) => [level, waiver]),
    [["waived", `The laboratory has no ingress yet. (until ${today()})`]],
  );
  const warnings = waived.events.flatMap((event) =>
    event.type === "warning" ? [event.message] : []
  );
  assert.ok(warnings.some((text) => /waiver of probes until 2099-01-01 is not needed/.test(text)));
  // Nothing has moved, so nothing is judged again.
  const again = await space.reconcile();
  assert.deepEqual([again.code, violationsOf(again)], [0, []]);
});

Deno.test("a waiver without a reason or a date is refused at its line", async () => {
  await using space = await workspace();
  for (
    const waiver of [
      '{ policy: network, expires: "2099-01-01" }',
      "{ policy: network, reason: It has to be so. }",
    ]
  ) {
    await space.write({
      "component.yaml": component(`  waivers: [${waiver}]\n`),
      "app.yaml": NAMESPACE,
    });
    const run = await space.reconcile();
    assert.equal(run.code, 1);
    assert.match(run.output, /component\.yaml:8/);
  }
});

Deno.test("policies see where secrets go, but never their values", async () => {
  await using space = await workspace();
  await space.write({
    "component.yaml": component(),
    "app.yaml": documents(
      NAMESPACE,
      OPEN,
      'apiVersion: plumb.thinkube.io/v1alpha1\nkind: GeneratedSecret\nmetadata: { name: s }\nspec: { data: { key: "${password}" } }\n',
    ),
  });
  const folder = await Deno.makeTempDir();
  const seen = `${folder}/seen`;
  const opa = await requireTool(OPA, {});
  const spy = `${folder}/opa`;
  await writeScript(spy, `tee '${seen}' | '${opa}' "$@"`);
  const environment = { PLUMB_OPA: spy, PLUMB_PARAMETER_PASSWORD: "a-secret-value" };
  const run = await space.reconcile([], { environment });
  assert.equal(run.code, 4, run.output);
  const input = await Deno.readTextFile(seen);
  assert.ok(input.includes("(secret password)") && !input.includes("a-secret-value"));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("when policies can't be asked, nothing passes", async () => {
  await using space = await workspace();
  await space.write({
    "component.yaml": component(),
    "app.yaml": documents(NAMESPACE, configMap("settings")),
  });
  const folder = await Deno.makeTempDir();
  const broken = `${folder}/opa`;
  for (const script of ["echo '{}'", "echo broken >&2; exit 3"]) {
    await writeScript(broken, script);
    const run = await space.reconcile([], { environment: { PLUMB_OPA: broken } });
    assert.equal(run.code, 1, run.output);
    assert.match(run.output, /policy-failed/);
    assert.equal(await space.get(CONFIG_MAPS, "settings"), undefined);
  }
  await Deno.remove(folder, { recursive: true });
});
