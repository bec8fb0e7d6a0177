/** The addresses that the server answers, guarded. @module */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { compress } from "hono/compress";
import { deleteCookie, setCookie } from "hono/cookie";
import { secureHeaders } from "hono/secure-headers";
import type { Asset, Page } from "./assets.ts";
import { type Route, type RouteName, ROUTES, session as sessionBody } from "./contract.ts";
import { problemOf, ServeError, statusOf } from "./errors.ts";
import { checkBody, checkHost, checkSite, type Hosts, isFromHere } from "./guard.ts";
import { authorize, cookieName, cookieOf, type Identify, type Visitor } from "./identity.ts";
import { openApi } from "./openapi.ts";
import type { Sessions } from "./sessions.ts";

/** What the server answers from. */
export interface AppOptions {
  readonly page: Page;
  readonly version: string;
  readonly hosts: Hosts;
  readonly identify: Identify;
  readonly sessions?: Sessions | undefined;
  /** What each address of the contract does. */
  readonly handlers: Handlers;
  /** Told what went wrong that should not. */
  readonly defect: (error: unknown) => void;
}

/** What a handler gets: checked by the contract. */
export interface Asked {
  readonly visitor: Visitor;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
  readonly request: Request;
}

/** Answers with a value that becomes JSON, or with a whole answer. */
export type Handler = (asked: Asked) => Promise<Response | { readonly json: unknown }>;

/** A handler for each address that has something to do with components. */
export type Handlers = Readonly<
  Record<Exclude<RouteName, "health" | "openapi" | "signIn" | "signOut">, Handler>
>;

/** What Deno tells of a connection. */
interface Bindings {
  readonly remoteAddr?: Deno.Addr;
}
type Environment = { Bindings: Bindings };

/** Headers by which the browser takes nothing but this page's own. */
function secure(page: Page): MiddlewareHandler {
  const own = headersOf(page, { crossOriginOpenerPolicy: false });
  const others = headersOf(page, { crossOriginOpenerPolicy: true });
  return async (context, next) => {
    await (isFromHere(context.req.raw) ? own : others)(context, next);
    context.res.headers.append("vary", "sec-fetch-site");
  };
}

const headersOf = ({ styles }: Page, options: { readonly crossOriginOpenerPolicy: boolean }) =>
  secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: styles.map((digest) => `'${digest}'`),
      imgSrc: ["'self'", "data:"],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    crossOriginEmbedderPolicy: true,
    referrerPolicy: "no-referrer",
    strictTransportSecurity: false,
    xFrameOptions: "DENY",
    ...options,
  });

/** Makes the server's application; it opens no socket. */
export function createApp(options: AppOptions): Hono<Environment> {
  const { page, version, hosts, handlers, defect } = options;
  const app = new Hono<Environment>();
  app.onError((error, context) => {
    const status = statusOf(error);
    if (status === 500) defect(error);
    return context.json({ error: problemOf(error) }, status);
  });
  app.notFound(() => {
    throw new ServeError("not-found", "There is nothing at this address", {
      hint: "See /api/openapi.json for what there is.",
    });
  });
  // A kubelet asks by an address, not by a name.
  app.get(ROUTES.health.path, (context) => context.json({ status: "ok", version }));
  app.use(unlessUpgrade(secure(page)), checkHost(hosts), checkSite(), checkBody());
  app.use("/api/*", async (context, next) => {
    await next();
    if (!context.res.headers.has("cache-control") && context.res.status !== 101) {
      context.res.headers.set("cache-control", "no-store");
    }
  });
  // Thousands of objects are megabytes, of which a tenth is left.
  app.use(patternOf(ROUTES.component), compress());
  const description = openApi(version);
  app.get(ROUTES.openapi.path, (context) => context.json(description));
  addSessions(app, options);
  for (const [name, handler] of Object.entries(handlers)) {
    addRoute(app, ROUTES[name as keyof Handlers], handler, options.identify);
  }
  app.get("/", (context) => answerAsset(context, page.document, "no-cache"));
  app.get("/assets/*", (context) => {
    const asset = page.assets.get(context.req.path.slice(1));
    if (asset === undefined) return context.notFound();
    return answerAsset(context, asset, "public, max-age=31536000, immutable");
  });
  return app;
}

/** The answer that opens a WebSocket can't be changed. */
function unlessUpgrade(handler: MiddlewareHandler): MiddlewareHandler {
  return async (context, next) =>
    context.req.header("upgrade") === undefined ? await handler(context, next) : await next();
}

/** The path of a route, as Hono writes its parameters. */
const patternOf = ({ path }: Route) => path.replaceAll(/\{(\w+)\}/g, ":$1");

function addRoute(
  app: Hono<Environment>,
  route: Route,
  handler: Handler,
  identify: Identify,
): void {
  app.on(route.method, patternOf(route), async (context) => {
    const { raw: request } = context.req;
    const visitor = await identify(request, addressOf(context));
    if (route.role !== "anyone") authorize(visitor, route.role, request);
    const parameters = parse(route.parameters, context.req.param(), "address");
    const query = parse(route.query, context.req.query(), "query");
    const body = route.body === undefined
      ? undefined
      : parse(route.body, await readJson(context), "body");
    const asked = {
      visitor,
      parameters: parameters as Record<string, string>,
      query,
      body,
      request,
    };
    const answer = await handler(asked);
    return answer instanceof Response
      ? answer
      : context.json(answer.json as object, route.status as 200);
  });
}

function addSessions(app: Hono<Environment>, { sessions }: AppOptions): void {
  const attributes = { path: "/", httpOnly: true, sameSite: "Strict" } as const;
  app.post(ROUTES.signIn.path, async (context) => {
    const body = parse(sessionBody, await readJson(context), "body") as { token: string };
    const value = sessions?.open(body.token);
    if (value === undefined) {
      throw new ServeError("wrong-token", "This is not the token of this server", {
        hint: "Open the address that the server printed when it started last.",
      });
    }
    setCookie(context, cookieName(context.req.raw), value, attributes);
    return context.body(null, 204);
  });
  app.delete(ROUTES.signOut.path, (context) => {
    const { raw } = context.req;
    const value = cookieOf(raw, cookieName(raw));
    if (value !== undefined) sessions?.close(value);
    deleteCookie(context, cookieName(raw), attributes);
    return context.body(null, 204);
  });
}

/** Where the request comes from; tests without a socket give none. */
function addressOf({ env }: Context<Environment>): string {
  const address = env?.remoteAddr;
  return address !== undefined && "hostname" in address ? address.hostname : "";
}

/** Bodies are small, so one that takes long is one that is held back. */
const BODY_MILLISECONDS = 10_000;

async function readJson(context: Context): Promise<unknown> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new ServeError("too-slow", "The body did not come in time")),
    BODY_MILLISECONDS,
  );
  try {
    return await Promise.race([context.req.json(), late.promise]);
  } catch (cause) {
    if (cause instanceof ServeError) throw cause;
    throw new ServeError("bad-request", "The body is not JSON", { cause });
  } finally {
    clearTimeout(timer);
  }
}

function parse(schema: Route["body"], value: unknown, where: string): unknown {
  const result = schema?.safeParse(value);
  if (result === undefined || result.success) return result?.data ?? {};
  const [issue] = result.error.issues;
  const path = issue?.path.join(".") ?? "";
  const field = path === "" ? `The ${where}` : `${path} in the ${where}`;
  throw new ServeError("bad-request", `${field}: ${issue?.message ?? "is not valid"}`, {
    hint: "See /api/openapi.json.",
  });
}

function answerAsset(context: Context, { type, body, gzip }: Asset, keep: string): Response {
  const headers = { "content-type": type, "cache-control": keep, vary: "accept-encoding" };
  return /\bgzip\b/.test(context.req.header("accept-encoding") ?? "")
    ? context.body(gzip, 200, { ...headers, "content-encoding": "gzip" })
    : context.body(body, 200, headers);
}
