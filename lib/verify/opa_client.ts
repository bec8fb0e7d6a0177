/** OPA as checks ask it. @module */
import { z } from "zod";
import { CheckFailure } from "./check.ts";
import type { Http } from "./http.ts";
import { reached } from "./reached.ts";

/** What it means that OPA can't be asked. */
export const OPA_UNREACHED = {
  server: "OPA",
  away: "It is down, or its Service has no ready pod.",
  timeout: "It hangs, or a network policy drops the packets.",
  hint: "Look at its pods and its log.",
};

const evaluation = z.object({ result: z.unknown() });

/**
 * Evaluates a rule. An answer without a result is a failure: so OPA answers where there is no such rule.
 *
 * @param path below `/v1/data`: `tasks/allow`.
 * @throws {CheckFailure}
 */
export async function decide(http: Http, path: string, input: unknown): Promise<unknown> {
  const answer = await reached(() =>
    http.ask(`/v1/data/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input }),
    }), OPA_UNREACHED);
  const { success, data } = evaluation.safeParse(answer.json);
  if (answer.status === 200 && success && data.result !== undefined) return data.result;
  throw new CheckFailure(`${path} has no result (status ${answer.status})`, {
    probably: "There is no such rule: the bundle is not loaded, or holds other rules.",
    hint: "curl OPA/v1/policies lists what is loaded; restart OPA to have it fetched anew.",
  });
}
