/** The routes of tasks. */
import { z } from "zod";
import { broken, empty, html, json, Refusal, refuse } from "./answers.ts";
import { Annotating } from "./annotating.ts";
import type { Authority } from "./authority.ts";
import type { Background } from "./background.ts";
import type { Faults } from "./faults.ts";
import { framesOf, smaller } from "./frames.ts";
import { type Account, NOTHING, type Task } from "./model.ts";
import { filesIn, lacksQuality, Uploads } from "./uploads.ts";
import { metaView, taskView } from "./views.ts";

/** A request as routes get it. */
export interface Call {
  readonly request: Request;
  readonly url: URL;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Scheme and host that the server takes for its own. */
  readonly base: string;
}

/** What routes work with. */
export interface Rooms {
  readonly authority: Authority;
  readonly background: Background;
  readonly faults: Faults;
  readonly release: "2.64.0" | "2.23.1";
  /** Milliseconds since 1970, as the server sees it. */
  readonly clock: () => number;
}

const creation = z.object({
  name: z.string().min(1),
  labels: z.array(z.object({
    name: z.string().min(1, "This field may not be blank."),
    color: z.string().optional(),
    type: z.string().default("any"),
    attributes: z.array(z.record(z.string(), z.unknown())).default([]),
  })).default([]),
});
/** Tasks, and what belongs to them. */
export class Tasks {
  readonly #rooms: Rooms;
  readonly #uploads: Uploads;
  readonly #annotating: Annotating;
  readonly all = new Map<number, Task>();
  #last = 0;

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
    this.#uploads = new Uploads(rooms.faults);
    this.#annotating = new Annotating(rooms, this.#uploads, () => ++this.#last);
  }

  async create(call: Call): Promise<Response> {
    const owner = await this.#rooms.authority.demand(call.request, {
      rules: "tasks",
      scope: "create",
    });
    const { success, data, error } = creation.safeParse(readJson(call.body));
    if (!success) {
      const [field = "name", ...rest] = error.issues[0]?.path ?? [];
      const said = rest.length > 0
        ? { labels: [{ name: [error.issues[0]?.message] }] }
        : { [String(field)]: ["This field is required."] };
      throw new Refusal(json(said, 400));
    }
    const task: Task = {
      id: ++this.#last,
      name: data.name,
      owner,
      labels: data.labels.map((label) => ({
        ...label,
        id: ++this.#last,
        color: label.color ?? "#fa3253",
        attributes: this.#rooms.faults.losesAttributes ? [] : label.attributes.map((one) => (
          { id: ++this.#last, default_value: "", ...one }
        )),
      })),
      created: new Date(this.#rooms.clock()).toISOString(),
      files: new Map(),
      frames: undefined,
      isVideo: false,
      quality: 0,
      annotations: NOTHING,
    };
    this.all.set(task.id, task);
    return json(taskView(task, call.base), 201, { location: `${call.base}/api/tasks/${task.id}` });
  }

  /** What is asked of one task, below its address. */
  async one(call: Call, id: number, rest: string): Promise<Response> {
    const task = this.all.get(id);
    const { authority } = this.#rooms;
    const { method } = call.request;
    if (task === undefined) {
      await authority.demand(call.request, { rules: "users", scope: "view" });
      return refuse(404, "No Task matches the given query.");
    }
    const demand = (scope: string) =>
      authority.demand(call.request, { rules: "tasks", scope, owner: task.owner });
    const part = rest.replace(/\/$/, "");
    if (part === "" && method === "GET") {
      await demand("view");
      return json(taskView(task, call.base));
    }
    if (part === "" && method === "DELETE") {
      await demand("delete");
      this.all.delete(id);
      return empty(204);
    }
    if (part === "/data" && method === "POST") {
      return await this.#attach(call, task, await demand("upload:data"));
    }
    if (part === "/data" && method === "GET") {
      await demand("view");
      return await this.#frame(call, task);
    }
    if (part === "/data/meta") {
      await demand("view");
      return task.frames === undefined ? broken() : json(metaView(task));
    }
    if (part === "/preview") return picture((task.frames ?? broken())[0]?.bytes ?? broken());
    if (/^\/(data|annotations)\/./.test(part)) {
      await demand("upload:data");
      return this.#uploads.go(part.split("/")[2] ?? "", call.request, call.body);
    }
    if (part === "/annotations") return await this.#annotating.answer(call, task, demand);
    if (part === "/dataset/export") return await this.#annotating.export(call, task, demand);
    if (part === "/dataset/download" || part === "/annotations/download") {
      return this.download(call, await demand("export:annotations"));
    }
    return html("Not Found", 404);
  }

  /** The file of an export. */
  download({ url }: Call, account: Account): Response {
    const request = this.#rooms.background.get(url.searchParams.get("rq_id") ?? "");
    if (request === undefined || request.owner.id !== account.id) {
      return html("Unknown export request id", 400);
    }
    if (request.file === undefined) return html("The export process is not finished", 400);
    const { file } = request;
    const bytes = this.#rooms.faults.cutsArchives ? file.slice(0, file.byteLength / 2) : file;
    const name = `task_${request.task}_annotations.zip`;
    return new Response(bytes, {
      headers: {
        "content-type": "application/zip",
        "content-disposition": `attachment; filename="${name}"`,
      },
    });
  }

  async #attach(call: Call, task: Task, account: Account): Promise<Response> {
    const { headers } = call.request;
    if (task.frames !== undefined) {
      throw new Refusal(json("Adding more data is not supported", 400));
    }
    const begun = this.#uploads.begin(
      call.request,
      task,
      account.id,
      (id) => addressOf(call, `/api/tasks/${task.id}/data/${id}`, this.#rooms),
    );
    if (begun !== undefined) return begun;
    const fields = await this.#fields(call, task);
    if (headers.has("upload-multiple")) {
      return fields.has("image_quality") ? empty(200) : lacksQuality();
    }
    task.quality = Number(fields.get("image_quality") ?? lacksQuality());
    const id = nameIn(
      this.#rooms,
      `action=create&target=task&target_id=${task.id}`,
      `create:task-${task.id}`,
    );
    const what = { id, type: "create:task", task, owner: account };
    this.#rooms.background.add("import", what, () => {
      if (this.#rooms.faults.down.has("media")) {
        throw new Error("redis.exceptions.ConnectionError: Error 111 connecting to media:6666");
      }
      Object.assign(task, framesOf(task.files));
      return {};
    });
    return json({ rq_id: id }, 202);
  }

  /** Fields of a form or of JSON. Files go to the task. */
  async #fields({ request, body }: Call, task: Task): Promise<ReadonlyMap<string, string>> {
    const type = request.headers.get("content-type") ?? "";
    if (!type.startsWith("multipart/")) {
      const fields = z.record(z.string(), z.unknown()).parse(readJson(body));
      return new Map(Object.entries(fields).map(([name, value]) => [name, String(value)]));
    }
    const form = await new Response(body, { headers: { "content-type": type } }).formData();
    for (const [name, bytes] of await filesIn(form, /^client_files\[\d+\]$/)) {
      task.files.set(name, bytes);
    }
    return new Map(
      [...form].flatMap(([name, value]) =>
        typeof value === "string" ? [[name, value] as const] : []
      ),
    );
  }

  async #frame({ url }: Call, { frames }: Task): Promise<Response> {
    const { faults } = this.#rooms;
    if (frames === undefined || faults.down.has("media") || faults.down.has("cache")) broken();
    if (faults.unserved.has("chunks")) {
      // It waits for 50 s before it gives up.
      await new Promise((resolve) => setTimeout(resolve, 200));
      return empty(429, { "retry-after": "10" });
    }
    const number = Number(url.searchParams.get("number"));
    const frame = frames[faults.mixesFrames ? frames.length - 1 - number : number];
    if (frame === undefined) return html("The frame is not there", 400);
    return picture(faults.scalesFrames ? smaller(frame) : frame.bytes);
  }
}

function picture(bytes: Uint8Array<ArrayBuffer>): Response {
  const type = bytes[0] === 0x89 ? "image/png" : "image/jpeg";
  return new Response(bytes, { headers: { "content-type": type } });
}

/** @throws {Refusal} */
export function readJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    return refuse(400, `JSON parse error - ${(error as Error).message}`);
  }
}

/** What an upload is known by. Releases up to 2.50 take it from the Origin, and stumble without. */
export function addressOf({ base, request }: Call, path: string, { release }: Rooms): string {
  if (release === "2.64.0") return base + path;
  return (request.headers.get("origin") ?? broken()) + path;
}

/** Requests have other names in older releases. */
export function nameIn({ release }: Rooms, name: string, old: string): string {
  return release === "2.64.0" ? name : old;
}
