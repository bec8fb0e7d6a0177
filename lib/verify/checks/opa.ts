/** The check `opa`: rules are loaded, and are the right ones. @module */
import { z } from "zod";
import { type CheckContext, CheckFailure, defineCheck } from "../check.ts";
import type { Http } from "../http.ts";
import { decide, OPA_UNREACHED } from "../opa_client.ts";
import { reached } from "../reached.ts";
import { service } from "../settings_schema.ts";

const decision = z.strictObject({
  path: z.string().regex(/^[\w/]+$/).describe("Of the rule, below /v1/data: tasks/allow."),
  input: z.unknown(),
  result: z.unknown(),
});

const settings = z.strictObject({
  service: service.describe("Where OPA listens."),
  bundle: z.string().describe("Name of the bundle that must be active."),
  decisions: z.array(decision).min(2).describe(
    "Questions with known answers, an allowed and a denied one at least.",
  ),
});

const bundles = z.object({ result: z.record(z.string(), z.unknown()).optional() });

/**
 * Neither health endpoint proves anything: one answers 200 without any rule, the other where no bundle is configured.
 * An allowed and a denied decision together do.
 */
export const opaCheck = defineCheck({
  id: "opa",
  title: "OPA",
  proves: "The rules are loaded, and decide as they should, to allow and to deny.",
  needs: [],
  deadline: 30,
  settings,
  async run(given, context) {
    const http = await context.serviceHttp(given.service);
    await checkBundle(http, given.bundle, context);
    for (const { path, input, result } of given.decisions) {
      const found = await decide(http, path, input);
      if (JSON.stringify(found) !== JSON.stringify(result)) {
        throw new CheckFailure(
          `${path} answers ${JSON.stringify(found)} where ${JSON.stringify(result)} is right`,
          {
            probably: "The rules are stale or were changed: they are not those of this release.",
            hint:
              "Restart OPA to have them fetched anew, and compare the release of server and rules.",
          },
        );
      }
    }
    const results = new Set(given.decisions.map(({ result }) => JSON.stringify(result)));
    context.evidence("decisions", `${given.decisions.length} right: ${[...results].join(", ")}`);
  },
});

async function checkBundle(http: Http, name: string, context: CheckContext): Promise<void> {
  const health = await reached(() => http.ask("/health?bundles"), OPA_UNREACHED);
  context.evidence("health", health.status);
  const active = bundles.safeParse(
    (await reached(() => http.ask("/v1/data/system/bundles"), OPA_UNREACHED)).json,
  );
  const names = Object.keys(active.data?.result ?? {});
  if (names.includes(name) && health.status === 200) return;
  throw new CheckFailure(
    names.includes(name)
      ? `The bundle ${name} is not active: ${health.text.slice(0, 200)}`
      : `The bundle ${name} is not there${names.length === 0 ? "" : `, but ${names.join(", ")}`}`,
    {
      probably: health.status === 200
        ? "OPA runs without a bundle: its arguments name none, or another."
        : "OPA can't fetch its rules: the backend is away, or refuses it.",
      hint: "Look at OPA's log; its arguments are services.*.url and bundles.*.resource.",
    },
  );
}
