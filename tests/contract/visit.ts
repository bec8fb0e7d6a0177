/** How somebody visits CVAT, and what he may write who wants to be somebody else. */
import { Buffer } from "node:buffer";
import type { Answer } from "../../lib/verify/mod.ts";
import type { Visitor } from "../../lib/verify/visitor.ts";
import { HOST, PROOF, type Stack, URL_OF_CVAT, type User } from "./identity.ts";
import type { Reachable } from "./reach.ts";
import { askRaw, type RawAnswer } from "./servers/raw.ts";

/** Goes to an address as somebody would, through the login where it comes. @returns the last page, and where it is. */
export async function visit(
  visitor: Visitor,
  path: string,
  user?: User,
): Promise<{ at: string; answer: Answer }> {
  const start = URL_OF_CVAT + path;
  let { path: steps, answer } = await visitor.follow(start, await visitor.ask(start));
  if (user !== undefined && /<form[^>]+action=/.test(answer.text)) {
    const submitted = await submit(visitor, steps.at(-1) ?? start, answer, user);
    ({ path: steps, answer } = await visitor.follow(submitted.action, submitted.answer));
  }
  return { at: steps.at(-1) ?? start, answer };
}

/** What the API says of somebody, or its status. */
export async function whoAmI(visitor: Visitor): Promise<unknown> {
  const { status, json } = await visitor.ask(`${URL_OF_CVAT}/api/users/self`);
  return status === 200 ? json : status;
}

/** Of HTTP. */
export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

/** What can stand in a request line: each route, and ways to write one path and mean another. */
export const TARGETS = [
  "/",
  "/auth/login",
  "/sso/",
  "/sso",
  "/tasks",
  "/static/page",
  "/django-rq/",
  "/api/users/self",
  "/oauth2/auth",
  "/oauth2/userinfo",
  "/oauth2/other",
  "/api/../sso/",
  "/api/%2e%2e/sso/",
  "/sso/../api/users/self",
  "/sso/%2e%2e/api/users/self",
  "/sso/..;/api/users/self",
  "//sso/",
  "/%73so/",
  "/oauth2/%2e%2e/sso/",
  "/x/%2e%2e/oauth2/auth",
  `${URL_OF_CVAT}/sso/`,
] as const;

/** Headers that tell who somebody is, as a server may spell them; some twice. */
export const FORGED = [
  "X-Auth-Request-Email",
  "X-Forwarded-User",
  "X-Forwarded-Email",
  "Remote-User",
]
  .flatMap((name) =>
    [name, name.toLowerCase(), name.toUpperCase(), name.replaceAll("-", "_"), name]
      .map((spelling): [string, string] => [spelling, "admin@example.com"])
  );

/** What somebody with these headers reads from every route. */
export async function toldTo(
  stack: Stack,
  headers: readonly (readonly [string, string])[],
): Promise<({ readonly target: string } & RawAnswer)[]> {
  return await Promise.all(
    TARGETS.map(async (target) => ({ target, ...await askRaw(stack.outside, target, headers) })),
  );
}

/** Whether a text has the proof for somebody, in either form. */
export const isProof = (text: string, { email }: User): boolean =>
  text.includes(PROOF) || text.includes(basic(email, PROOF).slice("Basic ".length));

/** Fills in the login form, and does not go on. */
export async function submit(
  visitor: Visitor,
  at: string,
  page: Answer,
  user: User,
): Promise<{ readonly action: string; readonly answer: Answer; readonly location: string }> {
  const action = /<form[^>]+action="([^"]+)"/.exec(page.text)?.[1]?.replaceAll("&amp;", "&") ?? at;
  const form = { username: user.username, password: user.password, credentialId: "" };
  const answer = await visitor.ask(action, form);
  return { action, answer, location: answer.headers.get("location") ?? "" };
}

/** Settings of verify's own check. */
export const forgeryCheck = {
  check: "forged-identity",
  url: URL_OF_CVAT,
  service: "cvat/cvat-backend:8080",
  username: "admin",
  email: "admin@example.com",
  identity: "/api/users/self",
  paths: [
    "/",
    "/static/page",
    "/django-rq/",
    "/sso/",
    "/auth/login",
    "/tasks",
    "/api/../sso/",
    "//sso/",
    "/%73so/",
  ],
};

/** The ways to a stack, for checks. */
export const reachable = (stack: Stack, password = ""): Reachable => ({
  services: {
    "cvat/cvat-backend:8080": stack.django.port,
    "cvat/ephemeral-valkey:6379": stack.sessions.port,
  },
  secrets: { "user/password": password },
  clients: { [HOST]: stack.client },
});
