/** The routes of annotations: written, read, imported and exported. */
import { z } from "zod";
import { broken, html, json, Refusal } from "./answers.ts";
import { archiveOf, EXPORTERS } from "./archives.ts";
import { annotationsIn } from "./imports.ts";
import type { Account, Annotations, Task } from "./model.ts";
import { addressOf, type Call, nameIn, readJson, type Rooms } from "./tasks.ts";
import { filesIn, type Uploads } from "./uploads.ts";
import { annotationsView } from "./views.ts";

const shape = z.object({
  type: z.string(),
  frame: z.int(),
  points: z.array(z.number()),
  outside: z.boolean().default(false),
});
const annotations = z.object({
  tags: z.array(z.object({ frame: z.int(), label_id: z.int() })).default([]),
  shapes: z.array(shape.extend({ label_id: z.int() })).default([]),
  tracks: z.array(z.object({ frame: z.int(), label_id: z.int(), shapes: z.array(shape) }))
    .default([]),
});

/** Annotations of tasks. */
export class Annotating {
  readonly #rooms: Rooms;
  readonly #uploads: Uploads;
  readonly #id: () => number;

  constructor(rooms: Rooms, uploads: Uploads, id: () => number) {
    this.#rooms = rooms;
    this.#uploads = uploads;
    this.#id = id;
  }

  /** What is asked of annotations. */
  async answer(
    call: Call,
    task: Task,
    demand: (scope: string) => Promise<Account>,
  ): Promise<Response> {
    const { method } = call.request;
    if (method === "GET") {
      await demand("view");
      if (task.frames === undefined) return html("Exporting without data is not allowed", 400);
      return json(annotationsView(task.annotations));
    }
    const account = await demand("update:annotations");
    if (task.frames === undefined) broken();
    if (method === "POST") return await this.#import(call, task, account);
    const given = annotations.parse(readJson(call.body));
    const wrong = [...given.tags, ...given.shapes, ...given.tracks]
      .find(({ label_id }) => !task.labels.some(({ id }) => id === label_id));
    if (wrong !== undefined) {
      throw new Refusal(json([`label_id \`${wrong.label_id}\` is invalid`], 400));
    }
    const added = this.#numbered(given, task);
    const action = call.url.searchParams.get("action");
    if (method === "PUT") task.annotations = added;
    else if (action === "create") {
      const { tags, shapes, tracks } = task.annotations;
      task.annotations = {
        tags: [...tags, ...added.tags],
        shapes: [...shapes, ...added.shapes],
        tracks: [...tracks, ...added.tracks],
      };
    } else throw new Refusal(json(["Please specify a correct 'action' for the request"], 400));
    return json(annotationsView(added));
  }

  /** With ids; what is on frames that don't exist is dropped without a word, as CVAT does. */
  #numbered(given: z.output<typeof annotations>, { frames = [] }: Task): Annotations {
    const id = this.#id;
    const there = ({ frame }: { readonly frame: number }) => frame < frames.length;
    const shapes = given.shapes.filter(there).map((one) => ({ ...one, id: id() }));
    return {
      tags: given.tags.filter(there).map((one) => ({ ...one, id: id() })),
      shapes: this.#rooms.faults.dropsShapes ? shapes.slice(1) : shapes,
      tracks: given.tracks.filter(there).map((track) => ({
        ...track,
        id: id(),
        shapes: track.shapes.map((one) => ({ ...one, id: id() })),
      })),
    };
  }

  async #import(call: Call, task: Task, account: Account): Promise<Response> {
    const { headers } = call.request;
    const { searchParams } = call.url;
    const begun = this.#uploads.begin(
      call.request,
      task,
      account.id,
      (id) => addressOf(call, `/api/tasks/${task.id}/annotations/${id}`, this.#rooms),
    );
    if (begun !== undefined) return begun;
    if (!headers.has("upload-finish")) {
      const form = await new Response(call.body, {
        headers: { "content-type": headers.get("content-type") ?? "" },
      }).formData();
      const [[, bytes] = []] = await filesIn(form, /^annotation_file$/);
      if (bytes === undefined) {
        throw new Refusal(json({ annotation_file: ["No file was submitted."] }, 400));
      }
      task.files.set("annotations", bytes);
    }
    const file = task.files.get(searchParams.get("filename") ?? "annotations");
    const id = nameIn(
      this.#rooms,
      `action=import&target=task&target_id=${task.id}&subresource=annotations`,
      `import:annotations-for-task.id${task.id}`,
    );
    const what = { id, type: "import:annotations", task, owner: account, format: "CVAT 1.1" };
    this.#rooms.background.add("import", what, () => {
      if (file === undefined) throw new Error("FileNotFoundError: annotations");
      if (this.#rooms.faults.importsNothing) return {};
      task.annotations = annotationsIn(file, task, this.#id);
      return {};
    });
    return json({ rq_id: id }, 202);
  }

  /** Begins an export. */
  async export(
    call: Call,
    task: Task,
    demand: (scope: string) => Promise<Account>,
  ): Promise<Response> {
    const owner = await demand("export:annotations");
    const format = call.url.searchParams.get("format") ?? "";
    if (!EXPORTERS.has(format)) {
      throw new Refusal(json(["Unknown format specified for the request"], 400));
    }
    const named = format.replaceAll(" ", "_").replaceAll(".", "~");
    const id = nameIn(
      this.#rooms,
      `action=export&target=task&target_id=${task.id}&user_id=${owner.id}&format=${named}&subresource=annotations`,
      `export:annotations-for-task-${task.id}-in-${named}-format-by-user-${owner.id}`,
    );
    const path = `/api/tasks/${task.id}/dataset/download?rq_id=${encodeURIComponent(id)}`;
    const added = this.#rooms.background.add(
      "export",
      { id, type: "export:annotations", task, owner, format },
      () => ({ file: archiveOf(this.#exported(task), format), path }),
    );
    return json({ rq_id: id }, added === undefined ? 409 : 202);
  }

  /** The task as exports show it. */
  #exported(task: Task): Task {
    const { movesBoxes, losesKeyFrames } = this.#rooms.faults;
    const move = <One extends { points: readonly number[] }>(one: One): One => (
      { ...one, points: one.points.map((value, at) => at % 2 === 0 ? value + 1 : value) }
    );
    const { tags, shapes, tracks } = task.annotations;
    return {
      ...task,
      annotations: {
        tags,
        shapes: movesBoxes ? shapes.map(move) : shapes,
        tracks: tracks.map((track) => (
          { ...track, shapes: losesKeyFrames ? track.shapes.slice(0, 1) : track.shapes }
        )),
      },
    };
  }
}
