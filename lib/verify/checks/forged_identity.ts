/** The check `forged-identity`: nobody becomes somebody by writing a header. @module */
import { connect } from "node:net";
import { z } from "zod";
import { type Address, type CheckContext, CheckFailure, defineCheck } from "../check.ts";
import type { Http } from "../http.ts";
import { reached } from "../reached.ts";
import { baseUrl, credential, service, valueOf } from "../settings_schema.ts";

const settings = z.strictObject({
  url: baseUrl.describe("Public address."),
  service: service.optional().describe("The backend inside, where no ingress strips anything."),
  username: credential.describe("Whom to pretend to be: the administrator."),
  email: credential,
  paths: z.array(z.string().startsWith("/")).min(1).describe(
    "Asked from outside with forged headers.",
  ),
  identity: z.string().startsWith("/").describe(
    "A path that answers 401 to strangers, and tells who one is.",
  ),
});
type Settings = z.output<typeof settings>;

/** Headers by which proxies tell who somebody is. */
const NAMES = [
  "X-Auth-Request-User",
  "X-Auth-Request-Email",
  "X-Auth-Request-Preferred-Username",
  "X-Auth-Request-Groups",
  "X-Forwarded-User",
  "X-Forwarded-Email",
  "X-Forwarded-Preferred-Username",
  "X-Remote-User",
  "Remote-User",
] as const;

/** The spellings that reach the same variable of a WSGI application, or might slip past what strips one of them. */
function spellings(name: string): string[] {
  return [name, name.toLowerCase(), name.toUpperCase(), name.replaceAll("-", "_")];
}

/** Every header in every spelling, alone and twice, from outside and inside. */
export const forgedIdentityCheck = defineCheck({
  id: "forged-identity",
  title: "Identity",
  proves: "A header that a visitor writes himself never makes him somebody.",
  needs: [],
  deadline: 60,
  settings,
  async run(given, context) {
    const [username, email] = await Promise.all([
      valueOf(given.username, context),
      valueOf(given.email, context),
    ]);
    const outside = context.publicHttp(given.url);
    await expectStranger(outside, given);
    let tried = 0;
    for (const path of [given.identity, ...given.paths]) {
      await Promise.all(NAMES.map(async (name) => {
        for (const headers of forgeries(name, /email/i.test(name) ? email : username)) {
          await checkOutside(outside, path, headers, given);
          tried++;
        }
      }));
    }
    context.evidence("forged requests from outside", tried);
    if (given.service !== undefined) {
      const address = await context.connect(given.service);
      const sent = await Promise.all(
        NAMES.map((name) =>
          checkInside(address, name, /email/i.test(name) ? email : username, given, context)
        ),
      );
      context.evidence("forged requests inside", sent.reduce((sum, count) => sum + count, 0));
    }
  },
});

/** One spelling at a time, so that a fetch can't merge them; then the real value after an innocent one. */
function* forgeries(name: string, value: string): Generator<[string, string][]> {
  for (const spelling of spellings(name)) yield [[spelling, value]];
  yield [[name, "nobody"], [name, value]];
}

async function expectStranger(http: Http, { identity }: Settings): Promise<void> {
  const { status } = await ask(http, identity, []);
  if (status === 401) return;
  throw new CheckFailure(`${identity} answers ${status} to a stranger, not 401`, {
    probably: status >= 500
      ? "The backend is not well."
      : status < 400
      ? "Whoever asks is somebody: the backend believes a header that the proxy sets for everybody."
      : "Another server answers there.",
    hint: `Ask yourself: curl -i ${http.origin}${identity}`,
  });
}

function ask(http: Http, path: string, headers: readonly [string, string][]) {
  return reached(
    () => http.ask(path, { headers: headers.map(([name, value]) => [name, value]) }),
    {
      away: "The ingress or its certificate is not well.",
      hint: `Ask yourself: curl -i ${http.origin}${path}`,
    },
  );
}

/** Forged headers may lead to the login, to a refusal, or to what everybody sees; never to a session. */
async function checkOutside(
  http: Http,
  path: string,
  headers: readonly [string, string][],
  given: Settings,
): Promise<void> {
  const { status, headers: answer } = await ask(http, path, headers);
  const session = answer.getSetCookie().find((cookie) => /^sessionid=[^;]+/i.test(cookie));
  const believed = path === given.identity && status !== 401;
  if (session === undefined && !believed) return;
  throw believedFailure(`${path} from outside`, headers[0]?.[0] ?? "", status);
}

function believedFailure(where: string, name: string, status: number): CheckFailure {
  return new CheckFailure(`A forged ${name} is believed on ${where} (status ${status})`, {
    probably:
      "The ingress does not strip it there, and the backend asks for no proof that the proxy set it.",
    hint:
      "Take the deployment out of reach until the stripping and the middleware are as in Git: reconcile.",
  });
}

/**
 * Inside, the header is written to the socket as it is, past every client's rules: in each spelling alone, then in all at
 * once, since servers join what comes twice. @returns how many requests it took.
 */
async function checkInside(
  address: Address,
  name: string,
  value: string,
  { identity }: Settings,
  { signal }: CheckContext,
): Promise<number> {
  const lines = spellings(name).map((spelling) => `${spelling}: ${value}`);
  const tries = [...lines.map((line) => [line]), [...lines, `${name}: ${value}`]];
  for (const forged of tries) {
    const request = [
      `GET ${identity} HTTP/1.1`,
      "Host: localhost",
      ...forged,
      "Connection: close",
      "",
      "",
    ];
    judgeInside(await exchange(address, request.join("\r\n"), signal), name, identity);
  }
  return tries.length;
}

function judgeInside(answer: string, name: string, identity: string): void {
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 0);
  if (status === 0) {
    throw new CheckFailure("The backend does not answer inside", {
      probably: "Its Service has no ready pod.",
      hint: "Look at its pods and its log.",
    });
  }
  if (status < 400 || /^set-cookie: sessionid=[^;\s]+/im.test(answer)) {
    throw believedFailure(`${identity} inside the cluster`, name, status);
  }
}

/** Sends bytes, and reads the beginning of what comes back. */
function exchange(
  { hostname, port }: Address,
  request: string,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect(port, hostname, () => socket.write(request));
    let text = "";
    const end = () => {
      signal.removeEventListener("abort", end);
      socket.destroy();
      resolve(text);
    };
    signal.addEventListener("abort", end, { once: true });
    socket.setTimeout(10_000, end);
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      if (text.includes("\r\n\r\n")) end();
    });
    socket.on("close", end);
    socket.on("error", (error) => text === "" ? reject(error) : end());
  });
}
