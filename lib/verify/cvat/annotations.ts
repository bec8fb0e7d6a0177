/** Annotations as they are written, and as they must be read back. @module */
import { z } from "zod";
import { CheckFailure } from "../check.ts";
import type { CvatApi } from "./api.ts";

/** A shape on one frame, or at a key frame of a track. */
const point = z.array(z.number());
const shape = z.object({
  type: z.string(),
  frame: z.int(),
  label_id: z.int(),
  points: point,
  outside: z.boolean().nullish(),
});
const tag = z.object({ frame: z.int(), label_id: z.int() });
const keyFrame = shape.omit({ label_id: true });
const track = z.object({ frame: z.int(), label_id: z.int(), shapes: z.array(keyFrame) });

/** All annotations of a task. */
export const annotations = z.object({
  tags: z.array(tag),
  shapes: z.array(shape),
  tracks: z.array(track),
});
/** All annotations of a task. */
export type Annotations = z.output<typeof annotations>;

/** Pixels by which a coordinate may be off after its way through CVAT. */
const TOLERANCE = 0.01;

/** Writes annotations, and reads them back. Shapes on frames that don't exist are dropped without a word. */
export async function annotate(api: CvatApi, task: number, wanted: Annotations): Promise<void> {
  const path = `/api/tasks/${task}/annotations/`;
  const question = api.json({ version: 0, ...wanted });
  await api.expect(200, annotations, path, { ...question, method: "PUT" });
  const difference = compareAnnotations(wanted, await api.expect(200, annotations, path));
  if (difference === undefined) return;
  throw new CheckFailure(`The annotations are not read back as they were written: ${difference}`, {
    probably:
      "The server dropped or changed them; with several servers, one has old rules or another database.",
    hint: "kubectl logs deployment/cvat-backend",
  });
}

/**
 * How two sets of annotations differ, in words; undefined when they are the same but for order and ids.
 *
 * @example
 * ```ts
 * import { compareAnnotations } from "./annotations.ts";
 * import assert from "node:assert/strict";
 *
 * const shapes = [{ type: "rectangle", frame: 0, label_id: 1, points: [5, 6, 30, 25] }];
 * const moved = [{ type: "rectangle", frame: 0, label_id: 1, points: [5, 6, 31, 25] }];
 * const none = { tags: [], tracks: [] };
 * assert.equal(compareAnnotations({ shapes, ...none }, { shapes, ...none }), undefined);
 * assert.match(compareAnnotations({ shapes, ...none }, { shapes: moved, ...none }) ?? "", /rectangle/);
 * ```
 */
export function compareAnnotations(wanted: Annotations, found: Annotations): string | undefined {
  const kinds = [
    ["tags", wanted.tags.map(tagLine), found.tags.map(tagLine)],
    ["shapes", wanted.shapes.map(shapeLine), found.shapes.map(shapeLine)],
    ["tracks", wanted.tracks.map(trackLine), found.tracks.map(trackLine)],
  ] as const;
  for (const [kind, want, have] of kinds) {
    if (want.length !== have.length) return `${have.length} ${kind} instead of ${want.length}`;
    const rest = [...have];
    for (const line of want) {
      const at = rest.indexOf(line);
      if (at < 0) return `there is no ${line}, but ${rest.slice(0, 2).join(" and ")}`;
      rest.splice(at, 1);
    }
  }
  return undefined;
}

const tagLine = ({ frame, label_id }: z.output<typeof tag>) => `tag ${label_id} on frame ${frame}`;

function shapeLine({ type, frame, label_id, points }: z.output<typeof shape>): string {
  return `${type} ${label_id} on frame ${frame} at ${pointsLine(points)}`;
}

function trackLine({ frame, label_id, shapes }: z.output<typeof track>): string {
  const keys = shapes.map((key) =>
    `${key.type} ${key.frame}${key.outside ? " outside" : ""} at ${pointsLine(key.points)}`
  );
  return `track ${label_id} from frame ${frame}: ${keys.sort().join(", ")}`;
}

function pointsLine(points: readonly number[]): string {
  return points.map((value) => (Math.round(value / TOLERANCE) * TOLERANCE).toFixed(2)).join(",");
}
