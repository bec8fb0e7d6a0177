/** The check `sign-in`: the way of a visitor through OAuth2 Proxy and Keycloak, without a browser. @module */
import { z } from "zod";
import { type CheckContext, CheckFailure, defineCheck } from "../check.ts";
import type { Answer } from "../http.ts";
import { baseUrl, credential, optionalLogin, service, valueOf } from "../settings_schema.ts";
import { shown, target, Visitor } from "../visitor.ts";
import { cookieSettings, followSession, storeProblem } from "./session.ts";

const settings = z.strictObject({
  url: baseUrl.describe("Public address."),
  issuer: baseUrl.describe("The realm at Keycloak."),
  client: z.string().describe("Client id at Keycloak."),
  cookie: cookieSettings,
  sessions: z.strictObject({ service, password: credential.optional() }).optional().describe(
    "The Valkey that must hold the sessions. Without it, only the cookie is looked at.",
  ),
  user: optionalLogin.describe(
    "A test user of the realm. Without one, only the way to the login is checked.",
  ),
  signedIn: z.string().startsWith("/").optional().describe(
    "A path that answers 200 only to who has a session of the application.",
  ),
});
type Settings = z.output<typeof settings>;

/** Redirect, login, callback, cookie, identity, sign-out; and that it ends. */
export const signInCheck = defineCheck({
  id: "sign-in",
  title: "OAuth2 Proxy",
  proves:
    "A visitor is led to the login, comes back signed in, and is a stranger again after signing out.",
  needs: [],
  deadline: 60,
  settings,
  async run(given, context) {
    const visitor = new Visitor(context);
    const form = await leadToLogin(visitor, given, context);
    if (given.user === undefined) {
      context.evidence("login", "not tried: no test user is given");
      return;
    }
    await signIn(visitor, form, given, context);
    await followSession(visitor, given, context, () => checkIdentity(visitor, given, context));
    context.evidence("hops", visitor.hops);
  },
});

/** @returns the address of the login form and its page. */
async function leadToLogin(
  visitor: Visitor,
  given: Settings,
  context: CheckContext,
): Promise<{ address: string; page: Answer }> {
  const start = `${given.url}/`;
  const first = await visitor.ask(start);
  if (first.status === 200) {
    throw new CheckFailure("/ is open: it answers 200 to a stranger", {
      probably: "The route has no login: its auth-url and auth-signin are missing.",
      hint: "kubectl get ingress -o yaml, and reconcile.",
    });
  }
  if (first.status >= 400 && target(start, first) === undefined) {
    throw new CheckFailure(`/ answers ${first.status} instead of leading to the login`, {
      probably: first.status >= 500
        ? "OAuth2 Proxy is away, so the ingress can't ask it."
        : "auth-signin is missing: who is not signed in is refused, not led to the login.",
      hint: "Look at the log of the ingress controller and of OAuth2 Proxy.",
    });
  }
  const { path, answer } = await visitor.follow(start, first);
  const authorize = path.find((address) =>
    address.startsWith(`${given.issuer}/protocol/openid-connect/auth`)
  );
  if (authorize === undefined) {
    throw new CheckFailure(
      `/ does not lead to ${given.issuer}, but to ${
        shown(path.at(-1) ?? start)
      } (status ${answer.status})`,
      {
        probably: answer.status >= 500
          ? "OAuth2 Proxy is away, or could not read the issuer's configuration."
          : "OAuth2 Proxy is set up for another issuer.",
        hint: "Look at the log of OAuth2 Proxy and at its --oidc-issuer-url.",
      },
    );
  }
  checkAuthorization(new URL(authorize).searchParams, given);
  if (answer.status !== 200) {
    throw new CheckFailure(
      `Keycloak answers ${answer.status} instead of a login form: ${messageIn(answer)}`,
      {
        probably: /redirect_uri/i.test(answer.text)
          ? "The redirect URI is not registered with the client."
          : "The client does not exist, or is disabled.",
        hint: "Reconcile: the client is brought back as it is in Git.",
      },
    );
  }
  context.evidence("leads to", shown(authorize));
  return { address: path.at(-1) ?? start, page: answer };
}

function checkAuthorization(query: URLSearchParams, { url, client }: Settings): void {
  const expected: readonly (readonly [name: string, value: string])[] = [
    ["client_id", client],
    ["redirect_uri", `${url}/oauth2/callback`],
    ["response_type", "code"],
    ["code_challenge_method", "S256"],
  ];
  for (const [name, value] of expected) {
    if (query.get(name) === value) continue;
    throw new CheckFailure(
      `The login is asked for with ${name}=${query.get(name) ?? "nothing"}, not ${value}`,
      {
        probably: "OAuth2 Proxy's arguments are not those in Git.",
        hint: "kubectl get deployment oauth2-proxy -o yaml, and reconcile.",
      },
    );
  }
  for (const name of ["state", "code_challenge"]) {
    if (query.get(name)) continue;
    throw new CheckFailure(`The login is asked for without ${name}`, {
      probably: "OAuth2 Proxy's arguments are not those in Git.",
    });
  }
}

/** What a page of Keycloak says is wrong. */
function messageIn({ text }: Answer): string {
  const found =
    /(?:kc-error-message|kc-feedback-text|input-error)[^>]*>\s*(?:<[^>]+>\s*)*([^<]{3,200})/.exec(
      text,
    );
  return (found?.[1] ?? "").replaceAll(/\s+/g, " ").trim();
}

async function signIn(
  visitor: Visitor,
  { address, page }: { readonly address: string; readonly page: Answer },
  given: Settings,
  context: CheckContext,
): Promise<void> {
  if (given.user === undefined) return;
  const action = /<form[^>]+action="([^"]+)"/.exec(page.text)?.[1]?.replaceAll("&amp;", "&");
  if (action === undefined) {
    throw new CheckFailure("Keycloak's page has no login form", {
      probably:
        "The realm asks for something else first: a second factor, terms, or another provider.",
      hint: "Open the address in a browser, and give the test user nothing but a password.",
    });
  }
  const [username, password] = await Promise.all([
    valueOf(given.user.username, context),
    valueOf(given.user.password, context),
  ]);
  const login = new URL(action, address).href;
  const answer = await visitor.ask(login, { username, password, credentialId: "" });
  if (answer.status === 200) {
    throw new CheckFailure(`Keycloak refuses the test user: ${messageIn(answer)}`, {
      probably: "His password was changed, he is disabled, or he has an action to do first.",
      hint: "Log in as him in a browser.",
    });
  }
  const { path, answer: last } = await visitor.follow(login, answer);
  const callback = path.find((step) => step.startsWith(`${given.url}/oauth2/callback`));
  if (callback === undefined || last.status >= 400) {
    throw callbackFailure(path, last, await storeProblem(given.sessions, context));
  }
  context.evidence("ends at", `${shown(path.at(-1) ?? "")} (status ${last.status})`);
}

/** @param store what is wrong with the Valkey of the sessions. */
function callbackFailure(
  path: readonly string[],
  { status, text }: Answer,
  store: string | undefined,
): CheckFailure {
  const at = shown(path.at(-1) ?? "");
  const probably = status === 502
    ? "The headers of the answer are larger than the ingress' buffer (proxy-buffer-size)."
    : /audience/i.test(text)
    ? "The token is not meant for this client: its audience mapper is missing."
    : /email|verified/i.test(text)
    ? "The test user's e-mail address is not verified."
    : /csrf/i.test(text)
    ? "The cookie of the login did not come back: its domain or SameSite does not fit."
    : store !== undefined
    ? `OAuth2 Proxy can't keep the session: ${store}`
    : status >= 500
    ? "OAuth2 Proxy can't redeem the code (another client secret), or the user's e-mail address is not verified."
    : "OAuth2 Proxy does not let this user in.";
  return new CheckFailure(`After the login, ${at} answers ${status}`, {
    probably,
    hint: "Look at the log of OAuth2 Proxy.",
  });
}

async function checkIdentity(
  visitor: Visitor,
  given: Settings,
  context: CheckContext,
): Promise<void> {
  const auth = await visitor.ask(`${given.url}/oauth2/auth`);
  const missing = ["X-Auth-Request-User", "X-Auth-Request-Email"].filter((name) =>
    !auth.headers.get(name)
  );
  if (auth.status !== 202 || missing.length > 0) {
    throw new CheckFailure(
      `/oauth2/auth answers ${auth.status} without ${missing.join(" and ")}`,
      {
        probably: auth.status === 202
          ? "OAuth2 Proxy tells nobody who it is: --set-xauthrequest is off."
          : "The session is not found in the session store.",
        hint: "Does the Valkey of the sessions answer? Look at the log of OAuth2 Proxy.",
      },
    );
  }
  context.evidence("/oauth2/auth", "202 with X-Auth-Request-User and X-Auth-Request-Email");
  if (given.signedIn === undefined) return;
  const { status } = await visitor.ask(given.url + given.signedIn);
  if (status === 200) {
    context.evidence("session of the application", `${given.signedIn} answers 200`);
    return;
  }
  throw new CheckFailure(`After the login ${given.signedIn} answers ${status}, not 200`, {
    probably:
      "The application did not take over the identity: its middleware lacks the proof, or refuses the account.",
    hint: "Look at the log of the backend, and whether both sides read the same proof.",
  });
}
