/**
 * A stand-in for CVAT, whose images can't be had everywhere: it holds real accounts, tasks, pictures and annotations, asks
 * a real OPA, and every request and answer is held against CVAT's own description of its API.
 */
import { load } from "js-yaml";
import { packTar } from "modern-tar";
import { broken, empty, html, json, Refusal, refuse } from "./answers.ts";
import { Authority } from "./authority.ts";
import { Background } from "./background.ts";
import { type Faults, noFaults } from "./faults.ts";
import type { Account } from "./model.ts";
import { Description } from "../openapi.ts";
import { type Call, readJson, type Rooms, Tasks } from "./tasks.ts";
import { formatsView, jobView, page, requestView, taskView, whole } from "./views.ts";

/** A running one. */
export interface Cvat extends AsyncDisposable {
  readonly port: number;
  readonly faults: Faults;
  /** Exchanges that don't fit the description. */
  readonly violations: readonly string[];
  /** Names of the tasks that there are. */
  tasks(): readonly string[];
}

/** What it is like. */
export interface CvatOptions {
  /** Where OPA is. */
  readonly opa: string;
  readonly accounts: readonly Omit<Account, "id">[];
  readonly release?: "2.64.0" | "2.23.1";
  /** Takes events, as Vector does. */
  readonly sink?: (events: readonly Readonly<Record<string, unknown>>[]) => Promise<void>;
  /** Rules that OPA gets instead. */
  readonly rules?: Readonly<Record<string, string>>;
  readonly port?: number;
}

/** Ways that the description does not have: TUS, downloads, and health, which is plain Django. */
const BESIDE = [
  /^\/api\/tasks\/\d+\/(data|annotations)\/[^/]+$/,
  /^\/api\/tasks\/\d+\/dataset\/download$/,
  /^\/api\/server\/health\/?$/,
];

let description: Promise<Description> | undefined;

async function readDescription(): Promise<Description> {
  const text = await Deno.readTextFile(new URL("openapi.yml", import.meta.url));
  return new Description(load(text));
}

/** Starts one on a port of loopback. */
export async function startCvat(options: CvatOptions): Promise<Cvat> {
  const { opa, accounts, release = "2.64.0" } = options;
  const known = await (description ??= readDescription());
  const faults = noFaults();
  const background = new Background(faults);
  const people = accounts.map((account, index) => ({ ...account, id: index + 1 }));
  const authority = new Authority(people, opa, faults);
  const rooms: Rooms = { authority, background, faults, release };
  const tasks = new Tasks(rooms);
  const rules = await bundle(options.rules);
  const violations: string[] = [];
  const api = new Api(rooms, tasks, options, rules);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: options.port ?? 0, onListen() {} },
    async (request) => {
      const url = new URL(request.url);
      // Who has gone away gets no answer.
      const body = await request.bytes().catch(() => undefined);
      if (body === undefined) return empty(499);
      if (faults.slow > 0) await new Promise((resolve) => setTimeout(resolve, faults.slow));
      const response = await api.answer({ request, url, body, base: baseOf(request, url, faults) });
      const copy = response.clone();
      const found = await compare(known, request, body, copy);
      violations.push(...found);
      // What a proxy answers does not have it.
      if (![413, 502].includes(response.status)) {
        response.headers.set("x-request-id", crypto.randomUUID());
      }
      return response;
    },
  );
  return {
    port: server.addr.port,
    faults,
    violations,
    tasks: () => [...tasks.all.values()].map(({ name }) => name),
    async [Symbol.asyncDispose]() {
      background[Symbol.dispose]();
      await server.shutdown();
    },
  };
}

function baseOf({ headers }: Request, url: URL, { forgetsHost }: Faults): string {
  if (forgetsHost) return "http://cvat-backend:8080";
  const scheme = headers.get("x-forwarded-proto") ?? "http";
  return `${scheme}://${headers.get("x-forwarded-host") ?? headers.get("host") ?? url.host}`;
}

async function bundle(
  rules?: Readonly<Record<string, string>>,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; etag: string }> {
  const folder = new URL("rules/", import.meta.url);
  const files: Record<string, string> = { ...rules };
  if (rules === undefined) {
    for await (const { name } of Deno.readDir(folder)) {
      files[`rules/${name}`] = await Deno.readTextFile(new URL(name, folder));
    }
  }
  const tar = await packTar(
    Object.entries(files).map(([name, body]) => (
      { header: { name, size: new TextEncoder().encode(body).byteLength }, body }
    )),
  );
  const stream = new Blob([new Uint8Array(tar)]).stream();
  const bytes = await new Response(stream.pipeThrough(new CompressionStream("gzip"))).bytes();
  return { bytes, etag: `"${crypto.randomUUID()}"` };
}

/** What does not fit the description. */
async function compare(
  known: Description,
  request: Request,
  body: Uint8Array<ArrayBuffer>,
  response: Response,
): Promise<readonly string[]> {
  const { pathname: path, searchParams: query } = new URL(request.url);
  const contentType = request.headers.get("content-type") ?? "";
  if (response.status >= 400 && response.status !== 409) {
    await response.body?.cancel();
    return [];
  }
  const asked = {
    method: request.method,
    path,
    query,
    contentType,
    body: await read(body, contentType),
  };
  const bytes = await response.bytes();
  const type = response.headers.get("content-type") ?? "";
  const answered = {
    status: response.status,
    contentType: type,
    body: type.includes("json") ? JSON.parse(new TextDecoder().decode(bytes)) : undefined,
  };
  if (BESIDE.some((pattern) => pattern.test(path))) return [];
  const isUpload = ["upload-start", "upload-multiple", "upload-length"]
    .some((name) => request.headers.has(name));
  const [ofRequest, ofAnswer] = [known.request(asked), known.answer(asked, answered)];
  if (ofRequest === undefined || ofAnswer === undefined) {
    return [`${request.method} ${path} is not described`];
  }
  return isUpload ? [] : [...ofRequest, ...ofAnswer];
}

async function read(body: Uint8Array<ArrayBuffer>, contentType: string): Promise<unknown> {
  if (body.byteLength === 0) return undefined;
  if (contentType.includes("json")) return JSON.parse(new TextDecoder().decode(body));
  if (!contentType.startsWith("multipart/")) return undefined;
  const form = await new Response(body, { headers: { "content-type": contentType } }).formData();
  const fields: Record<string, unknown> = {};
  for (const [name, value] of form) {
    const list = /^(\w+)\[\d+\]$/.exec(name)?.[1];
    const plain = typeof value !== "string"
      ? value.name
      : /^\d+$/.test(value)
      ? Number(value)
      : value;
    if (list === undefined) fields[name] = plain;
    else fields[list] = [...(fields[list] as unknown[] | undefined ?? []), plain];
  }
  return fields;
}

class Api {
  constructor(
    readonly rooms: Rooms,
    readonly tasks: Tasks,
    readonly options: CvatOptions,
    readonly rules: { readonly bytes: Uint8Array<ArrayBuffer>; readonly etag: string },
  ) {}

  async answer(call: Call): Promise<Response> {
    try {
      const accept = call.request.headers.get("accept") ?? "*/*";
      const isPlain = call.url.pathname.startsWith("/api/server/health");
      if (accept.trim() === "application/json" && !isPlain) {
        refuse(406, "Could not satisfy the request Accept header.");
      }
      if (call.body.byteLength > this.rooms.faults.bodyLimit) {
        return html("413 Request Entity Too Large", 413);
      }
      return await this.#route(call);
    } catch (error) {
      if (error instanceof Refusal) return error.response;
      throw error;
    }
  }

  async #route(call: Call): Promise<Response> {
    const { request, url, base } = call;
    const { authority, background } = this.rooms;
    const path = url.pathname.replace(/(?<=.)\/$/, "");
    const task = /^\/api\/tasks\/(\d+)(\/.*)?$/.exec(url.pathname);
    if (task !== null) return await this.tasks.one(call, Number(task[1]), task[2] ?? "");
    if (/^\/api\/requests\/./.test(path)) {
      const account = await authority.demand(request, { rules: "users", scope: "view" });
      const found = background.get(decodeURIComponent(path.slice("/api/requests/".length)));
      if (found === undefined || found.owner.id !== account.id) {
        return html("There is no request with specified id", 404);
      }
      return json(requestView(found, base));
    }
    switch (`${request.method} ${path}`) {
      case "GET /":
        return empty(410);
      case "GET /api/server/about":
        return this.#about(call);
      case "GET /api/server/health":
        return await this.#health();
      case "POST /api/auth/login":
        return this.#login(call);
      case "POST /api/auth/logout":
        await authority.demand(request, { rules: "users", scope: "view" });
        return json({ detail: "Successfully logged out." });
      case "GET /api/auth/rules":
        return this.#rulesFor(request);
      case "GET /api/server/annotation/formats":
        await authority.demand(request, { rules: "server", scope: "view" });
        return json(formatsView());
      case "GET /api/users/self": {
        const account = await authority.demand(request, { rules: "users", scope: "view" });
        return json(whole(account, base));
      }
      case "POST /api/tasks":
        return await this.tasks.create(call);
      case "GET /api/tasks":
      case "GET /api/labels":
      case "GET /api/jobs":
        return await this.#list(call, path);
      case "POST /api/events":
        return await this.#events(call);
    }
    return html("Not Found", 404);
  }

  #about({ request, base }: Call): Response {
    const { authority, faults, release } = this.rooms;
    const isStranger = authority.accountOf(request) === undefined;
    if (isStranger) authority.countStranger();
    else if (faults.down.has("database")) broken();
    return json({
      name: "Computer Vision Annotation Tool",
      description: "CVAT",
      version: faults.version ?? release,
      logo_url: `${base}/static/logo.svg`,
      subtitle: "",
    });
  }

  async #health(): Promise<Response> {
    const { authority, faults: { down }, release } = this.rooms;
    const database = down.has("database") ? "unavailable: Database error" : "working";
    const cache = (part: "cache" | "media") =>
      down.has(part) ? "unexpected result: Connection Error" : "working";
    const parts = {
      "Cache backend: default": cache("cache"),
      "Cache backend: media": cache("media"),
      DatabaseBackend: database,
      ...(release === "2.64.0" ? { "DatabaseBackend[default]": database } : {}),
      DiskUsage: down.has("disk") ? "warning: vm 93.6% disk usage exceeds 90%" : "working",
      MemoryUsage: "working",
      OPAHealthCheck: await authority.health(),
    };
    const isWell = Object.values(parts).every((says) => says === "working");
    return Response.json(parts, { status: isWell ? 200 : 500 });
  }

  #login({ body }: Call): Response {
    const { authority, faults } = this.rooms;
    authority.countStranger();
    if (faults.down.has("database")) broken();
    const given = readJson(body) as { username?: unknown; password?: unknown };
    const login = authority.login(given.username, given.password);
    if (login !== undefined) {
      const response = json({ key: login.key });
      const rest = "Path=/; SameSite=Lax";
      response.headers.append("set-cookie", `sessionid=${login.session}; HttpOnly; ${rest}`);
      response.headers.append("set-cookie", `csrftoken=${login.guard}; ${rest}`);
      return response;
    }
    return json({ non_field_errors: ["Unable to log in with provided credentials."] }, 400);
  }

  #rulesFor({ headers }: Request): Response {
    const { bytes, etag } = this.rules;
    if (headers.get("if-none-match") === etag) return empty(304, { etag });
    return new Response(bytes, { headers: { "content-type": "application/x-tar", etag } });
  }

  async #list({ request, url, base }: Call, path: string): Promise<Response> {
    const account = await this.rooms.authority.demand(request, { rules: "tasks", scope: "list" });
    const search = url.searchParams.get("search") ?? "";
    const only = url.searchParams.get("task_id");
    const mine = [...this.tasks.all.values()].filter(({ id, owner, name }) =>
      (account.group === "admin" || owner.id === account.id) && name.includes(search) &&
      (only === null || String(id) === only)
    );
    if (path === "/api/tasks") return json(page(mine.map((task) => taskView(task, base))));
    if (path === "/api/jobs") {
      return json(
        page(mine.filter(({ frames }) => frames !== undefined).map((task) => jobView(task, base))),
      );
    }
    return json(
      page(mine.flatMap(({ id, labels }) =>
        labels.map((label) => ({
          ...label,
          sublabels: [],
          project_id: null,
          task_id: id,
          parent_id: null,
          has_parent: false,
        }))
      )),
    );
  }

  async #events({ request, body }: Call): Promise<Response> {
    const account = await this.rooms.authority.demand(request, {
      rules: "events",
      scope: "create",
    });
    const given = readJson(body) as { events?: Readonly<Record<string, unknown>>[] };
    const timestamp = new Date().toISOString();
    const events = (given.events ?? []).map((event) => (
      { ...event, source: "client", user_id: account.id, user_name: account.username, timestamp }
    ));
    // Whoever takes them is not waited for.
    if (!this.rooms.faults.dropsEvents) void this.options.sink?.(events).catch(() => {});
    return json({ events, timestamp }, 201);
  }
}
