/** Tracks in an archive of the format CVAT for video 1.1. @module */
import { XMLParser } from "fast-xml-parser";
import { z } from "zod";
import type { Archive } from "./formats.ts";

/** Where a track is on a frame that somebody has drawn; CVAT fills in the frames between. */
export interface KeyFrame {
  readonly frame: number;
  readonly points: readonly number[];
  readonly outside?: boolean | null | undefined;
}

const number = z.coerce.number();
const flag = z.enum(["0", "1"]).transform((value) => value === "1");
const box = z.object({
  frame: number,
  keyframe: flag,
  outside: flag,
  xtl: number,
  ytl: number,
  xbr: number,
  ybr: number,
});
const file = z.object({
  annotations: z.object({ track: z.array(z.object({ box: z.array(box) })).default([]) }),
});

const xml = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  isArray: (name) => name === "track" || name === "box",
  processEntities: false,
});

/**
 * The key frames of each track.
 *
 * @throws {Error} when the archive is not what it should be.
 */
export function keyFramesIn(archive: Archive): KeyFrame[][] {
  const bytes = archive.get("annotations.xml");
  if (bytes === undefined) throw new Error("it has no annotations.xml");
  const { annotations } = file.parse(xml.parse(new TextDecoder().decode(bytes)));
  return annotations.track.map((track) =>
    track.box.filter(({ keyframe }) => keyframe)
      .map(({ frame, outside, xtl, ytl, xbr, ybr }) => (
        { frame, outside, points: [xtl, ytl, xbr, ybr] }
      ))
  );
}

/**
 * What is missing of key frames that were drawn; undefined when all are there. More may be: CVAT closes a track itself.
 *
 * @example
 * ```ts
 * import { compareKeyFrames } from "./tracks.ts";
 * import assert from "node:assert/strict";
 *
 * const drawn = [{ frame: 0, points: [4, 4, 24, 24] }, { frame: 4, points: [24, 14, 44, 34] }];
 * assert.equal(compareKeyFrames(drawn, drawn), undefined);
 * assert.equal(compareKeyFrames(drawn, drawn.slice(0, 1)), "no key frame 4 at 24,14,44,34");
 * ```
 */
export function compareKeyFrames(
  wanted: readonly KeyFrame[],
  found: readonly KeyFrame[],
): string | undefined {
  const missing = wanted.find((want) =>
    !found.some(({ frame, outside, points }) =>
      frame === want.frame && (outside ?? false) === (want.outside ?? false) &&
      points.every((value, index) => Math.abs(value - (want.points[index] ?? NaN)) <= 0.01)
    )
  );
  return missing && `no key frame ${missing.frame} at ${missing.points.join(",")}`;
}
