/** `spec.fields`: what of the drift is reverted, what is proposed, and what is nobody's business. */
import assert from "node:assert/strict";
import { CONFIG_MAPS, DEPLOYMENTS } from "../plumb.ts";
import { edit, FILE, inWorld, MANIFEST, options, proposalIn, type World } from "./proposing.ts";

const IMAGE = "/spec/template/spec/containers/0/image";
const LEVEL = "/spec/template/spec/containers/0/env/0/value";
const spec = `  fields:
    - { paths: [spec.replicas], action: propose }
    - { paths: ["spec.template.spec.containers[name=web].image"], action: revert }
    - { managers: ["tuner-*"], action: ignore }
    - { objects: { kind: ConfigMap }, action: propose }
`;

/** Replicas, image and level of the live Deployment. */
async function liveOf({ cluster, namespace }: World): Promise<unknown[]> {
  const live = await cluster.get(DEPLOYMENTS, { namespace, name: "web" }) as unknown as {
    spec: {
      replicas: number;
      template: { spec: { containers: { image: string; env: { value: string }[] }[] } };
    };
  };
  const [container] = live.spec.template.spec.containers;
  return [live.spec.replicas, container?.image, container?.env[0]?.value];
}

const warningsOf = ({ events }: Awaited<ReturnType<World["run"]>>) =>
  events.flatMap((event) => event.type === "warning" ? [event.message] : []);

Deno.test(
  "each field is reverted, proposed or ignored as component.yaml says",
  options,
  () =>
    inWorld(async (world) => {
      const { namespace, github, cluster, run, file } = world;
      const name = { namespace, name: "web" };
      assert.equal((await run()).code, 0);
      await edit(cluster, name, { "/spec/replicas": 3, [IMAGE]: "nginx:1.28" });
      await cluster.patch(
        DEPLOYMENTS,
        name,
        [{ op: "replace", path: LEVEL, value: "debug" }],
        "json",
        "tuner-1",
      );
      await cluster.patch(CONFIG_MAPS, name, { data: { motd: null } }, "merge", "kubectl-edit");

      const first = await run("--mode", "pr");
      assert.equal(proposalIn(first)?.state, "opened", first.output);
      const expected = MANIFEST.replace("replicas: 1 #", "replicas: 3 #");
      assert.equal(await file(), expected.replace("data:\n  motd: hello\n", ""));
      assert.deepEqual(
        proposalIn(first)?.leftOut.map(({ path, reason }) => [path, reason]),
        [[
          "spec.template.spec.containers[name=web].image",
          "spec.fields of component.yaml says to revert it",
        ]],
      );
      assert.match(github.pulls()[0]?.body ?? "", /image: spec\.fields.*revert/);

      for (const what of ["reverts and leaves", "leaves", "leaves"]) {
        const applied = await run();
        assert.equal(applied.code, 0, `${what}: ${applied.output}`);
        assert.deepEqual(await liveOf(world), [3, "nginx:1.27", "debug"], what);
        const map = await cluster.get(CONFIG_MAPS, name);
        assert.equal(map?.["data"], undefined, what);
        const told = warningsOf(applied).join("\n");
        assert.match(
          told,
          /web stays as it lives.*spec\.replicas is 3 by kubectl-edit, and 1 in Git/,
        );
        assert.match(told, /data.* is absent, and .*hello.* in Git/);
      }
      const again = await run("--mode", "pr");
      assert.equal(proposalIn(again)?.written, 2, again.output);
      assert.deepEqual(proposalIn(again)?.leftOut, []);

      await github.merge(1);
      const merged = await run();
      assert.deepEqual(warningsOf(merged), [], merged.output);
      assert.equal(proposalIn(await run("--mode", "pr"))?.state, "none");
      const moved = (await file("main")).replace("replicas: 3 #", "replicas: 4 #");
      await github.commit("main", { [FILE]: moved }, { name: "Ada", email: "ada@example.com" });
      assert.equal((await run()).code, 0);
      assert.deepEqual(await liveOf(world), [4, "nginx:1.27", "debug"]);
    }, { spec }),
);
