/** The routes of the stand-in for CVAT, but for those of tasks. */
import { broken, empty, html, json, Refusal, refuse } from "./answers.ts";
import { type Call, readJson, type Rooms, type Tasks } from "./tasks.ts";
import { formatsView, jobView, page, requestView, taskView, whole } from "./views.ts";

/** Takes events, as Vector does. */
export type Sink = (events: readonly Readonly<Record<string, unknown>>[]) => Promise<void>;

/** What OPA fetches. */
export interface Bundle {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
}

/** Answers as CVAT does. */
export class Api {
  constructor(
    readonly rooms: Rooms,
    readonly tasks: Tasks,
    readonly sink: Sink | undefined,
    readonly rules: Bundle,
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
      return json(requestView(found, this.rooms.faults.resultBase ?? base));
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
    if (this.rooms.faults.breaksEvents) return html("502 Bad Gateway", 502);
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
    if (!this.rooms.faults.dropsEvents) void this.sink?.(events).catch(() => {});
    return json({ events, timestamp }, 201);
  }
}
