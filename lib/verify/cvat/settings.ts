/** What the checks of CVAT are told. @module */
import { z } from "zod";
import type { CheckContext } from "../check.ts";
import { baseUrl, login, optionalLogin, service, valueOf } from "../settings_schema.ts";
import { type CvatApi, cvatApi } from "./api.ts";

/** Where CVAT is, and as whom to use it. */
export const cvatSettings = z.strictObject({
  url: baseUrl.describe("Public address."),
  account: login.describe("Makes tasks; they are removed again."),
  outsider: optionalLogin.describe(
    "Another ordinary account. Without one, only strangers are tried.",
  ),
  patience: z.int().min(1).default(30).describe(
    "Seconds that work in the background may wait for a worker.",
  ),
});

/** What CVAT says of the account that asks. */
export const self = z.object({
  id: z.int(),
  username: z.string(),
  groups: z.array(z.string()).default([]),
});

/** The same with the way inside. */
export const healthSettings = z.strictObject({
  url: baseUrl.describe("Public address."),
  service: service.describe("The backend inside."),
  version: z.string().optional().describe("Release that must answer."),
});

/** The account's view of CVAT. */
export async function apiOf(
  { url, account, patience }:
    & Pick<z.output<typeof cvatSettings>, "url" | "account">
    & { readonly patience?: number },
  context: CheckContext,
  under: Pick<CheckContext, "publicHttp" | "signal"> = context,
): Promise<CvatApi> {
  const [username, password] = await Promise.all([
    valueOf(account.username, context),
    valueOf(account.password, context),
  ]);
  return cvatApi(under, {
    url,
    username,
    password,
    ...(patience === undefined ? {} : { patience }),
  });
}
