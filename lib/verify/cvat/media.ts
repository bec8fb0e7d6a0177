/** The check `cvat-media`: pictures and a video go in, come back pixel by pixel, and keep their annotations. @module */
import { z } from "zod";
import { type CheckContext, CheckFailure, defineCheck } from "../check.ts";
import {
  difference,
  type Picture,
  picture,
  readPicture,
  toJpeg,
  toPng,
} from "../samples/images.ts";
import { toAvi } from "../samples/video.ts";
import { annotate, type Annotations } from "./annotations.ts";
import { type CvatApi, excerpt } from "./api.ts";
import { apiOf, cvatSettings } from "./settings.ts";
import { labelId, makeTask, type Task } from "./tasks.ts";
import { uploadAtOnce, uploadInParts } from "./upload.ts";

const WIDTH = 96;
const HEIGHT = 64;
const VIDEO_FRAMES = 10;
/** Mean difference of a channel: JPEG at quality 95, and once more in the server, stays well below. */
const MOST_DIFFERENT = 16;

const meta = z.object({
  size: z.int(),
  frames: z.array(z.object({ width: z.int(), height: z.int(), name: z.string().optional() })),
});

/** What the check of exports compares with. */
export interface AnnotatedTask {
  readonly task: Task;
  readonly frames: readonly {
    readonly name: string;
    readonly width: number;
    readonly height: number;
  }[];
  readonly annotations: Annotations;
}

/** Two ways of uploading, frames, and every shape that the exports know. Yields the annotated tasks. */
export const cvatMediaCheck = defineCheck({
  id: "cvat-media",
  title: "Images and annotations",
  proves:
    "Uploaded images and videos are processed, come back as they were, and keep what is annotated.",
  needs: ["cvat-health", "cvat-task"],
  deadline: 300,
  settings: cvatSettings,
  async run(given, context) {
    const api = await apiOf(given, context);
    const [images, video] = await Promise.all([
      withImages(api, given, context),
      withVideo(api, given, context),
      withOneRequest(api, given, context),
    ]);
    return { images, video };
  },
});

type Given = z.output<typeof cvatSettings>;

/** JPEG files in a form, and a PNG in chunks; sorted by name. */
async function withImages(
  api: CvatApi,
  given: Given,
  context: CheckContext,
): Promise<AnnotatedTask> {
  const task = await makeTask(api, "images", [{ name: "car" }, { name: "person" }], {
    context,
    ...given,
  });
  const pictures = [0, 1, 2].map((seed) => picture(WIDTH, HEIGHT, seed));
  const names = ["1.jpg", "2.jpg", "3.png"];
  const [first, second, third] = pictures as [Picture, Picture, Picture];
  const started = performance.now();
  await uploadInParts(api, task.id, {
    together: [{ name: "1.jpg", bytes: toJpeg(first) }, { name: "2.jpg", bytes: toJpeg(second) }],
    chunked: { name: "3.png", bytes: toPng(third) },
  });
  context.evidence("3 images in parts", `${Math.round(performance.now() - started)} ms`);
  await checkMeta(api, task.id, names.length);
  await Promise.all(pictures.map((sent, number) => checkFrame(api, task.id, number, sent)));
  context.evidence("frames", `${names.length} of ${WIDTH}×${HEIGHT} as they were sent`);
  const annotations = imageAnnotations(task);
  await annotate(api, task.id, annotations);
  context.evidence("annotations on images", annotations.shapes.length + annotations.tags.length);
  return {
    task,
    frames: names.map((name) => ({ name, width: WIDTH, height: HEIGHT })),
    annotations,
  };
}

function imageAnnotations(task: Task): Annotations {
  const [car, person] = [labelId(task, "car"), labelId(task, "person")];
  return {
    tags: [{ frame: 2, label_id: person }],
    shapes: [
      { type: "rectangle", frame: 0, label_id: car, points: [5, 6, 30, 25] },
      { type: "rectangle", frame: 1, label_id: person, points: [10.5, 20.25, 40.75, 60.5] },
      { type: "polygon", frame: 0, label_id: person, points: [50, 10, 70, 12, 66, 40] },
      { type: "polyline", frame: 1, label_id: car, points: [1, 1, 20, 5, 60, 50] },
      { type: "points", frame: 2, label_id: car, points: [10, 10, 20, 20] },
    ],
    tracks: [],
  };
}

/** A track that moves, and leaves the picture before the end. */
async function withVideo(
  api: CvatApi,
  given: Given,
  context: CheckContext,
): Promise<AnnotatedTask> {
  const task = await makeTask(api, "video", [{ name: "vehicle" }], { context, ...given });
  const pictures = Array.from(
    { length: VIDEO_FRAMES },
    (_, seed) => picture(WIDTH, HEIGHT, seed * 7),
  );
  const bytes = toAvi(pictures.map(toJpeg), { width: WIDTH, height: HEIGHT });
  await uploadAtOnce(api, task.id, [{ name: "video.avi", bytes }]);
  await checkMeta(api, task.id, VIDEO_FRAMES);
  await checkFrame(api, task.id, VIDEO_FRAMES - 1, pictures.at(-1) as Picture);
  const key = (frame: number, points: number[], outside = false) => (
    { type: "rectangle", frame, points, outside }
  );
  const annotations: Annotations = {
    tags: [],
    shapes: [],
    tracks: [{
      frame: 0,
      label_id: labelId(task, "vehicle"),
      shapes: [key(0, [4, 4, 24, 24]), key(4, [24, 14, 44, 34]), key(8, [40, 20, 60, 40], true)],
    }],
  };
  await annotate(api, task.id, annotations);
  context.evidence("video", `${VIDEO_FRAMES} frames, a track of 3 key frames`);
  const frames = Array.from({ length: VIDEO_FRAMES }, (_, number) => (
    { name: `frame_${String(number).padStart(6, "0")}`, width: WIDTH, height: HEIGHT }
  ));
  return { task, frames, annotations };
}

async function withOneRequest(api: CvatApi, given: Given, context: CheckContext): Promise<void> {
  const task = await makeTask(api, "one-request", [{ name: "car" }], { context, ...given });
  const sent = picture(WIDTH, HEIGHT, 11);
  await uploadAtOnce(api, task.id, [{ name: "1.png", bytes: toPng(sent) }]);
  await checkMeta(api, task.id, 1);
  await checkFrame(api, task.id, 0, sent);
  context.evidence("1 image in one request", "as it was sent");
}

async function checkMeta(api: CvatApi, task: number, size: number): Promise<void> {
  const found = await api.expect(200, meta, `/api/tasks/${task}/data/meta`);
  const wrong = found.frames.find(({ width, height }) => width !== WIDTH || height !== HEIGHT);
  if (found.size === size && wrong === undefined) return;
  throw new CheckFailure(
    wrong === undefined
      ? `The task has ${found.size} frames, not ${size}`
      : `A frame is ${wrong.width}×${wrong.height}, not ${WIDTH}×${HEIGHT}`,
    {
      probably:
        "The import worker read the files otherwise than they are: another release, or damaged uploads.",
    },
  );
}

async function checkFrame(
  api: CvatApi,
  task: number,
  number: number,
  sent: Picture,
): Promise<void> {
  const path = `/api/tasks/${task}/data?type=frame&quality=original&number=${number}`;
  // Frames are made when they are asked for: a chunks worker that is away shows after 50 s, as 429.
  const answer = await api.ask(path, { timeout: 60_000 });
  if (answer.status !== 200) {
    throw new CheckFailure(
      `Frame ${number} of task ${task} is answered ${answer.status}: ${excerpt(answer)}`,
      {
        probably: answer.status === 429
          ? "The chunks worker is away or too slow."
          : "The media cache is away, or the data volume can't be read.",
        hint: answer.status === 429
          ? "kubectl logs deployment/cvat-worker-chunks"
          : "kubectl logs statefulset/cvat-media-cache",
      },
    );
  }
  const got = read(answer.bytes, number);
  if (got.width !== sent.width || got.height !== sent.height) {
    throw new CheckFailure(
      `Frame ${number} is ${got.width}×${got.height}, not ${sent.width}×${sent.height}`,
      { probably: "The wrong file, or a scaled one, came back." },
    );
  }
  const off = difference(sent, got);
  if (off <= MOST_DIFFERENT) return;
  throw new CheckFailure(
    `Frame ${number} is not the picture that was sent (${off.toFixed(0)} of 255 off)`,
    {
      probably: "Frames are mixed up, or the cache holds those of another task.",
      hint: "Flush the media cache; it is made again.",
    },
  );
}

function read(bytes: Uint8Array<ArrayBuffer>, number: number): Picture {
  try {
    return readPicture(bytes);
  } catch (cause) {
    throw new CheckFailure(`Frame ${number} is no picture`, {
      probably: "It was cut off on the way, or something else answers.",
      cause,
    });
  }
}
