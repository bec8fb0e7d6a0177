/** The check `cvat-export`: what comes out of an export is what was annotated, and goes in again. @module */
import { z } from "zod";
import { type CheckContext, CheckFailure, defineCheck } from "../check.ts";
import { picture, toPng } from "../samples/images.ts";
import { annotations as annotationsSchema, compareAnnotations } from "./annotations.ts";
import { type CvatApi, excerpt } from "./api.ts";
import {
  type Archive,
  type Box,
  compareBoxes,
  type Format,
  FORMATS,
  openArchive,
} from "./formats.ts";
import type { AnnotatedTask } from "./media.ts";
import { compareKeyFrames, type KeyFrame, keyFramesIn } from "./tracks.ts";
import { apiOf, cvatSettings } from "./settings.ts";
import { makeTask, type Task } from "./tasks.ts";
import { uploadAtOnce } from "./upload.ts";

const settings = cvatSettings.extend({
  formats: z.array(z.string()).min(1).default([...FORMATS.keys()]).describe(
    "As CVAT names them. Boxes are compared in those that are known here, the others are opened.",
  ),
});

const produced = z.object({ images: z.custom<AnnotatedTask>(), video: z.custom<AnnotatedTask>() });

/** Each format is exported and compared box by box; CVAT's own is imported into a second task. */
export const cvatExportCheck = defineCheck({
  id: "cvat-export",
  title: "Export",
  proves:
    "Every format holds exactly what was annotated, and an import makes the same annotations again.",
  needs: ["cvat-media"],
  deadline: 300,
  settings,
  async run(given, context) {
    const api = await apiOf(given, context);
    const { images, video } = produced.parse(context.output("cvat-media"));
    const archives = await Promise.all(given.formats.map(async (name) => {
      const started = performance.now();
      const bytes = await exportTask(api, images.task.id, name);
      const archive = open(bytes, name);
      const format = FORMATS.get(name);
      if (format !== undefined) checkBoxes(format, archive, images);
      context.evidence(
        name,
        `${archive.size} files, ${Math.round(performance.now() - started)} ms` +
          (format === undefined ? "" : ", every box as it was annotated"),
      );
      return [name, bytes] as const;
    }));
    await checkTracks(api, video, context);
    const own = new Map(archives).get("CVAT for images 1.1") ??
      await exportTask(api, images.task.id, "CVAT for images 1.1");
    await importAgain(api, own, images, { context, given });
  },
});

const VIDEO_FORMAT = "CVAT for video 1.1";

/** Tracks are in CVAT's own format only: every key frame must be in it as it was drawn. */
async function checkTracks(
  api: CvatApi,
  { task, annotations }: AnnotatedTask,
  context: CheckContext,
): Promise<void> {
  const archive = open(await exportTask(api, task.id, VIDEO_FORMAT), VIDEO_FORMAT);
  const wanted = annotations.tracks.map(({ shapes }) => shapes);
  let found: readonly (readonly KeyFrame[])[];
  try {
    found = keyFramesIn(archive);
  } catch (cause) {
    throw wrong(VIDEO_FORMAT, words(cause));
  }
  if (found.length !== wanted.length) {
    throw wrong(VIDEO_FORMAT, `${found.length} tracks instead of ${wanted.length}`);
  }
  for (const [index, keys] of wanted.entries()) {
    const difference = compareKeyFrames(keys, found[index] ?? []);
    if (difference !== undefined) throw wrong(VIDEO_FORMAT, difference);
  }
  context.evidence(VIDEO_FORMAT, `${wanted.length} track, every key frame as it was drawn`);
}

async function exportTask(api: CvatApi, task: number, format: string): Promise<Uint8Array> {
  const path = `/api/tasks/${task}/dataset/export?format=${
    encodeURIComponent(format)
  }&save_images=false`;
  const { result_url: result } = await api.run("export", path, { method: "POST" });
  if (!result) {
    throw new CheckFailure(`The export to ${format} has finished, but names no file`, {
      probably: "Another release answers than the one that was deployed.",
    });
  }
  // Its host is the one that CVAT takes for its own; the path is asked where everything else is.
  const answer = await api.ask(result);
  if (answer.status === 200) return answer.bytes;
  throw new CheckFailure(
    `The file of the export to ${format} is answered ${answer.status}: ${excerpt(answer)}`,
    {
      probably: "Server and export worker do not share the data volume.",
      hint: "kubectl exec into both, and compare /home/django/data/cache/export.",
    },
  );
}

function open(bytes: Uint8Array, format: string): Archive {
  try {
    return openArchive(bytes);
  } catch (cause) {
    throw new CheckFailure(`The archive of ${format} can't be opened: ${words(cause)}`, {
      probably:
        "It was cut off on the way (time or size limits of the ingress), or the data volume is full.",
      hint: "Download it inside the cluster, and compare the sizes.",
      cause,
    });
  }
}

function checkBoxes(
  format: Format,
  archive: Archive,
  { task, frames, annotations }: AnnotatedTask,
): void {
  const sizes = new Map(frames.map(({ name, ...size }) => [stem(name), size]));
  let found: Box[];
  try {
    found = format.boxes(archive, sizes);
  } catch (cause) {
    throw wrong(format.name, words(cause));
  }
  const difference = compareBoxes(wantedBoxes(task, frames, annotations), found, format.tolerance);
  if (difference !== undefined) throw wrong(format.name, difference);
}

function stem(name: string): string {
  return name.replace(/\.[A-Za-z0-9]+$/, "");
}

/** Rectangles only: not every format has the other shapes. */
function wantedBoxes(
  { labels }: Task,
  frames: AnnotatedTask["frames"],
  { shapes }: AnnotatedTask["annotations"],
): Box[] {
  const names = new Map([...labels].map(([name, id]) => [id, name]));
  return shapes.filter(({ type }) => type === "rectangle").map(({ frame, label_id, points }) => ({
    frame: stem(frames[frame]?.name ?? ""),
    label: names.get(label_id) ?? "",
    box: [points[0] ?? 0, points[1] ?? 0, points[2] ?? 0, points[3] ?? 0],
  }));
}

function wrong(format: string, difference: string): CheckFailure {
  return new CheckFailure(`The export to ${format} is not what was annotated: ${difference}`, {
    probably:
      "The export worker runs another release than the server, or an old export came from its cache.",
    hint:
      "kubectl get deployment cvat-worker-export -o yaml | grep image, and compare with cvat-backend.",
  });
}

function words(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 300) : String(error);
}

/** The same pictures in another task, with the exported annotations: they must become the same again. */
async function importAgain(
  api: CvatApi,
  archive: Uint8Array,
  { task, frames, annotations }: AnnotatedTask,
  { context, given }: { readonly context: CheckContext; readonly given: z.output<typeof settings> },
): Promise<void> {
  const labels = [...task.labels.keys()].map((name) => ({ name }));
  const second = await makeTask(api, "import", labels, {
    context,
    url: given.url,
    account: given.account,
  });
  await uploadAtOnce(
    api,
    second.id,
    frames.map(({ name, width, height }, seed) => (
      { name: `${stem(name)}.png`, bytes: toPng(picture(width, height, seed)) }
    )),
  );
  const renamed = renameFrames(archive, frames.map(({ name }) => name));
  const form = new FormData();
  form.set("annotation_file", new Blob([renamed]), "annotations.xml");
  await api.run(
    "import",
    `/api/tasks/${second.id}/annotations/?format=${encodeURIComponent("CVAT 1.1")}`,
    {
      method: "POST",
      body: form,
    },
  );
  const found = await api.expect(200, annotationsSchema, `/api/tasks/${second.id}/annotations/`);
  const other = new Map([...second.labels].map(([name, id]) => [id, task.labels.get(name) ?? 0]));
  const translated = {
    tags: found.tags.map((tag) => ({ ...tag, label_id: other.get(tag.label_id) ?? 0 })),
    shapes: found.shapes.map((shape) => ({ ...shape, label_id: other.get(shape.label_id) ?? 0 })),
    tracks: found.tracks,
  };
  const difference = compareAnnotations(annotations, translated);
  if (difference === undefined) return context.evidence("imported again", "the same annotations");
  throw new CheckFailure(`After an import the annotations are not the same: ${difference}`, {
    probably: "The import worker runs another release than the export worker.",
    hint: "Compare the images of their Deployments.",
  });
}

/** The second task has its pictures as PNG, so the file speaks of them by those names. */
function renameFrames(archive: Uint8Array, names: readonly string[]): string {
  const text = new TextDecoder().decode(openArchive(archive).get("annotations.xml"));
  return names.reduce(
    (xml, name) => xml.replaceAll(`name="${name}"`, `name="${stem(name)}.png"`),
    text,
  );
}
