import assert from "node:assert/strict";
import { loadAll } from "js-yaml";
import { z } from "zod";
import { FAIL_ANNOTATION, stagesText } from "../../../lib/sandbox/stages.ts";

const Stage = z.object({
  kind: z.literal("Stage"),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    selector: z.object({
      matchExpressions: z.array(z.object({
        key: z.string(),
        operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
        values: z.array(z.string()).optional(),
      })),
    }),
  }),
});

function stages(): z.infer<typeof Stage>[] {
  return loadAll(stagesText()).map((document) => Stage.parse(document));
}

Deno.test("each stage has a name of its own", () => {
  const names = stages().map((stage) => stage.metadata.name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.includes("pod-ready") && names.includes("node-ready"));
});

Deno.test("for each way to fail exactly one stage follows the scheduling of a pod", () => {
  const key = `.metadata.annotations["${FAIL_ANNOTATION}"]`;
  const first = stages().filter(({ spec }) =>
    spec.selector.matchExpressions.some((expression) => expression.key === ".status.podIP")
  );
  const matching = (failure: string | undefined) =>
    first.filter(({ spec }) =>
      spec.selector.matchExpressions.filter((expression) => expression.key === key)
        .every(({ operator, values = [] }) =>
          (operator === "In") === (failure !== undefined && values.includes(failure))
        )
    ).map((stage) => stage.metadata.name);
  assert.deepEqual(matching(undefined), ["pod-ready"]);
  assert.deepEqual(matching("job"), ["pod-ready"]);
  assert.deepEqual(matching("image-pull"), ["pod-image-pull"]);
  assert.deepEqual(matching("crash-loop"), ["pod-crash-loop"]);
  assert.deepEqual(matching("never-ready"), ["pod-never-ready"]);
});
