/**
 * The door of the double: who asks for what, whether it fits, and what goes wrong on purpose.
 * @module
 */
import { type Access, KEY_ROUTES } from "./app.ts";
import type { Description } from "./description.ts";
import { type Answer, type Identity, missing, Refusal, type Routes } from "./exchange.ts";
import { answerGraphql } from "./graphql.ts";
import type { State } from "./state.ts";

/** What goes wrong on purpose; tests set it. */
export interface Faults {
  /** So many of the next requests find the rate limit used up. */
  primaryRateLimit?: number;
  /** So many of the next requests came too fast. */
  secondaryRateLimit?: number;
  /** So many of the next requests find GitHub out of order. */
  serverErrors?: number;
  /** So many of the next writes are done, but their answers are lost. */
  lostAnswers?: number;
  /** The token may not write. */
  readOnly?: boolean;
  /** The token doesn't see the repository. */
  hidden?: boolean;
}

interface Found {
  readonly route: string;
  readonly parameters: Readonly<Record<string, string>>;
}

interface Parts {
  readonly state: State;
  readonly access: Access;
  readonly description: Description;
  readonly routes: Routes;
}

// These may hold slashes, and clients may or may not escape them.
const LONG = ["ref", "path", "branch", "basehead"];

/** Takes requests, one after the other where they write. */
export class Front {
  readonly violations: string[] = [];
  readonly requests: { method: string; path: string }[] = [];
  readonly faults: Faults = {};
  readonly #parts: Parts;
  readonly #patterns: readonly { readonly route: string; readonly pattern: RegExp }[];
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
    // Names with slashes swallow what follows them, so what is written out goes first.
    this.#patterns = Object.keys(parts.routes).sort((one, other) => weight(other) - weight(one))
      .map((route) => ({ route, pattern: patternOf(route) }));
  }

  /** Does something while nobody else writes. */
  alone<T>(act: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(act);
    this.#last = result.catch(() => {});
    return result;
  }

  /** Answers a request. */
  async handle(request: Request): Promise<Response> {
    const answer = await this.#handle(request);
    const { lostAnswers = 0 } = this.faults;
    if (request.method === "GET" || lostAnswers === 0) return answer;
    this.faults.lostAnswers = lostAnswers - 1;
    return unicorn();
  }

  async #handle(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const path = url.pathname;
    this.requests.push({ method: request.method, path });
    const text = await request.text();
    const found = this.#find(request.method, path);
    const fault = this.#fault();
    if (fault !== undefined) return fault;
    this.#parts.access.used++;
    try {
      const who = await this.#parts.access.identify(
        request.headers.get("authorization"),
        found?.route ?? "",
      );
      if (path === "/graphql") return await this.alone(() => this.#graphql(who, text));
      if (found === undefined) {
        this.violations.push(`${request.method} ${path}: the double has no such route`);
        throw missing();
      }
      const media = request.headers.get("accept")?.match(/\.(raw|diff|patch|sha|html|text|full)\b/);
      if (media) this.violations.push(`${found.route}: the double doesn't answer as ${media[1]}`);
      this.#allow(found, who, request.method);
      const answer = await this.#answer(found, who!, url.searchParams, parse(text));
      return await this.#send(found, url, answer);
    } catch (error) {
      if (error instanceof Refusal && error.status === 400) {
        this.violations.push(`${request.method} ${path}: request ${error.message}`);
      }
      if (!(error instanceof Refusal)) {
        // A fault of the double, which no test may take for one of GitHub.
        this.violations.push(`${request.method} ${path}: the double failed: ${error}`);
        return json(500, { message: "Server Error" }, {});
      }
      return await this.#send(found, url, { status: error.status, body: error.body });
    }
  }

  #find(method: string, path: string): Found | undefined {
    for (const { route, pattern } of this.#patterns) {
      const match = `${method} ${path}`.match(pattern);
      if (match === null) continue;
      const parameters = Object.entries(match.groups ?? {})
        .map(([name, value]) => [name, decodeURIComponent(value ?? "")]);
      return { route, parameters: Object.fromEntries(parameters) };
    }
    return undefined;
  }

  #allow({ route, parameters }: Found, who: Identity | undefined, method: string): void {
    const { owner, name } = this.#parts.state.place;
    const inRepository = parameters.owner !== undefined;
    if (who === undefined && !inRepository) throw new Refusal(401, "Requires authentication");
    const same = `${parameters.owner}/${parameters.repo}`.toLowerCase() ===
      `${owner}/${name}`.toLowerCase();
    if (inRepository && (who === undefined || this.faults.hidden || !same)) throw missing();
    if (this.faults.readOnly && method !== "GET" && !KEY_ROUTES.includes(route)) {
      throw new Refusal(403, notAccessible(who!));
    }
  }

  async #answer(
    { route, parameters }: Found,
    who: Identity,
    search: URLSearchParams,
    body: unknown,
  ): Promise<Answer> {
    const { description, routes } = this.#parts;
    const query = Object.fromEntries(search);
    const misfits = description.request({ route, parameters, query, body });
    const all = [...misfits.wrong, ...misfits.unknown];
    this.violations.push(...all.map((why) => `${route}: request ${why}`));
    if (misfits.wrong.length > 0) {
      throw new Refusal(422, `Invalid request.\n\n${misfits.wrong.join("\n")}`);
    }
    const act = async () => await routes[route]!({ parameters, query, body, who });
    return await (route.startsWith("GET ") ? act() : this.alone(act));
  }

  async #send(found: Found | undefined, url: URL, answer: Answer): Promise<Response> {
    const { access, description } = this.#parts;
    const { status, items, wrap = (page) => page } = answer;
    const { page, link } = items === undefined || !description.pages(found!.route)
      ? { page: items, link: undefined }
      : cut(items, url, this.#parts.state.place.api);
    const body = page === undefined ? answer.body : await wrap(page);
    if (found !== undefined) {
      const sent = body === undefined ? undefined : JSON.parse(JSON.stringify(body));
      const wrong = description.answer(found.route, status, sent);
      this.violations.push(...wrong.map((why) => `${found.route}: answer ${status} ${why}`));
    }
    return json(status, body, {
      ...limits(access.rate),
      ...(link === undefined ? {} : { link }),
    });
  }

  async #graphql(who: Identity | undefined, text: string): Promise<Response> {
    if (who === undefined) {
      throw new Refusal(401, "This endpoint requires you to be authenticated.");
    }
    // An App can't ask REST who it is.
    if (text === JSON.stringify({ query: "query { viewer { login } }" })) {
      return json(200, { data: { viewer: { login: who.login } } }, limits(this.#parts.access.rate));
    }
    const readOnly = this.faults.readOnly ? notAccessible(who) : undefined;
    const state = this.faults.hidden
      ? Object.assign(Object.create(this.#parts.state), { pulls: [] })
      : this.#parts.state;
    const answer = await answerGraphql(state, parse(text), readOnly);
    return json(200, answer, limits(this.#parts.access.rate));
  }

  #fault(): Response | undefined {
    const { faults } = this;
    const strikes = (name: "primaryRateLimit" | "secondaryRateLimit" | "serverErrors") => {
      const left = faults[name] ?? 0;
      if (left > 0) faults[name] = left - 1;
      return left > 0;
    };
    const { rate } = this.#parts.access;
    if (strikes("serverErrors")) return unicorn();
    if (strikes("primaryRateLimit")) {
      const reset = Math.ceil(Date.now() / 1000) + 1;
      const refusal = new Refusal(403, "API rate limit exceeded for user ID 1.");
      return json(403, refusal.body, limits({ ...rate, remaining: 0, used: rate.limit, reset }));
    }
    if (strikes("secondaryRateLimit")) {
      const refusal = new Refusal(
        403,
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
      );
      return json(403, refusal.body, { ...limits(rate), "retry-after": "1" });
    }
    return undefined;
  }
}

const unicorn = () =>
  new Response("<html><title>Unicorn!</title></html>", {
    status: 502,
    headers: { "content-type": "text/html" },
  });

const notAccessible = ({ kind }: Identity) =>
  `Resource not accessible by ${kind === "app" ? "integration" : "personal access token"}`;

function weight(route: string): number {
  const long = LONG.filter((name) => route.includes(`{${name}}`)).length;
  return route.replaceAll(/\{\w+\}/g, "").length - 1000 * long;
}

function patternOf(route: string): RegExp {
  // Clients leave out the last slash of the uppermost folder.
  const pattern = route.replaceAll("/{path}", "(?:/(?<path>.*))?").replaceAll(
    /\{(\w+)\}/g,
    (_, name) => `(?<${name}>${LONG.includes(name) ? ".+" : "[^/]+"})`,
  );
  return new RegExp(`^${pattern}$`);
}

function parse(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, "Problems parsing JSON");
  }
}

const limits = (rate: Access["rate"]) => ({
  "x-ratelimit-limit": String(rate.limit),
  "x-ratelimit-remaining": String(rate.remaining),
  "x-ratelimit-used": String(rate.used),
  "x-ratelimit-reset": String(rate.reset),
  "x-ratelimit-resource": "core",
});

function json(status: number, body: unknown, headers: Record<string, string>): Response {
  if (body === undefined) return new Response(null, { status, headers });
  return Response.json(body, {
    status,
    headers: { ...headers, "content-type": "application/json; charset=utf-8" },
  });
}

/** One page of a list, and where the others are. */
function cut(items: readonly unknown[], { pathname, searchParams }: URL, api: string) {
  const size = Math.min(Number(searchParams.get("per_page") ?? 30) || 30, 100);
  const page = Math.max(Number(searchParams.get("page") ?? 1) || 1, 1);
  const last = Math.max(Math.ceil(items.length / size), 1);
  const to = (number: number, rel: string) => {
    const query = new URLSearchParams(searchParams);
    query.set("page", String(number));
    return `<${api}${pathname}?${query}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [to(page - 1, "prev")] : []),
    ...(page < last ? [to(page + 1, "next"), to(last, "last")] : []),
    ...(page > 1 ? [to(1, "first")] : []),
  ];
  return {
    page: items.slice((page - 1) * size, page * size),
    link: links.length === 0 ? undefined : links.join(", "),
  };
}
