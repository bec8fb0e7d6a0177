/** The check `http`: an address answers as it should. @module */
import { z } from "zod";
import { CheckFailure, defineCheck } from "../check.ts";
import { reached } from "../reached.ts";
import { baseUrl, service } from "../settings_schema.ts";

const settings = z.strictObject({
  url: baseUrl.optional().describe("Public address; this or a service."),
  service: service.optional().describe("Where it listens inside."),
  path: z.string().startsWith("/").default("/"),
  status: z.int().min(100).max(599).default(200),
  contains: z.string().optional().describe("A text that the answer must have."),
}).refine(({ url, service }) => (url === undefined) !== (service === undefined), {
  message: "needs either url or service",
});

/** Status and content of one answer. Redirects are answers, too. */
export const httpCheck = defineCheck({
  id: "http",
  title: "HTTP",
  proves: "The address answers with the status and the content that it should.",
  needs: [],
  deadline: 30,
  settings,
  async run({ url, service, path, status, contains }, context) {
    const http = url === undefined
      ? await context.serviceHttp(service ?? "")
      : context.publicHttp(url);
    const answer = await reached(() => http.ask(path), UNREACHED);
    context.evidence("answer", `${answer.status} in ${Math.round(answer.milliseconds)} ms`);
    if (answer.status !== status) {
      const location = answer.headers.get("location");
      throw new CheckFailure(
        `${path} answers ${answer.status}, not ${status}` +
          (location === null ? "" : `, and leads to ${new URL(location, answer.url).origin}`),
        {
          probably: [502, 503, 504].includes(answer.status)
            ? "The server behind the ingress is away or not ready."
            : "Another server answers there, or the application is not well.",
          hint: `Ask yourself: curl -i ${answer.url}`,
        },
      );
    }
    if (contains === undefined || answer.text.includes(contains)) return;
    throw new CheckFailure(`${path} answers without the text ${JSON.stringify(contains)}`, {
      probably: "Another page or release answers.",
      hint: `Ask yourself: curl ${answer.url}`,
    });
  },
});

const UNREACHED = {
  away: "The server is down, or its Service has no ready pod.",
  timeout: "A server on the way hangs.",
  hint: "Look at its pods and its log.",
};
