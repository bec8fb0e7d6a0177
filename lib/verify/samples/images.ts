/** Pictures made in code, whose every pixel is known. @module */
import { decode as decodePng, encode as encodePng } from "fast-png";
import jpeg from "jpeg-js";

/** Pixels, row by row: red, green, blue, alpha. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Blocks of plain colours, so that a lossy format keeps them; `seed` chooses which. */
export function picture(width: number, height: number, seed: number): Picture {
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const block = Math.floor(x / 16) * 5 + Math.floor(y / 16) * 3 + seed;
      data.set(
        [(block * 53) % 256, (block * 97) % 256, (block * 151) % 256, 255],
        (y * width + x) * 4,
      );
    }
  }
  return { width, height, data };
}

/** A JPEG file. */
export function toJpeg({ width, height, data }: Picture): Uint8Array<ArrayBuffer> {
  return new Uint8Array(jpeg.encode({ width, height, data }, 95).data);
}

/** A PNG file. */
export function toPng({ width, height, data }: Picture): Uint8Array<ArrayBuffer> {
  return new Uint8Array(encodePng({ width, height, data, channels: 4, depth: 8 }));
}

/**
 * The picture in a JPEG or PNG file.
 *
 * @throws {Error} when it is neither, or damaged.
 */
export function readPicture(bytes: Uint8Array<ArrayBuffer>): Picture {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) {
    const { width, height, data } = jpeg.decode(bytes, {
      useTArray: true,
      maxMemoryUsageInMB: 64,
      maxResolutionInMP: 8,
    });
    return { width, height, data };
  }
  const { width, height, data, channels } = decodePng(bytes);
  const rgba = new Uint8Array(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const at = (channel: number) => Number(data[pixel * channels + channel]);
    const gray = channels < 3;
    rgba.set([at(0), at(gray ? 0 : 1), at(gray ? 0 : 2), 255], pixel * 4);
  }
  return { width, height, data: rgba };
}

/**
 * How much two pictures of the same size differ: the mean difference of a channel, 0 to 255.
 *
 * @example
 * ```ts
 * import { difference, picture, readPicture, toJpeg, toPng } from "./images.ts";
 * import assert from "node:assert/strict";
 *
 * const one = picture(64, 48, 1);
 * assert.equal(difference(one, readPicture(toPng(one))), 0);
 * assert.ok(difference(one, readPicture(toJpeg(one))) < 8);
 * assert.ok(difference(one, picture(64, 48, 2)) > 40);
 * ```
 */
export function difference(one: Picture, other: Picture): number {
  let sum = 0;
  for (let index = 0; index < one.data.length; index++) {
    if (index % 4 !== 3) sum += Math.abs((one.data[index] ?? 0) - (other.data[index] ?? 0));
  }
  return sum / (one.width * one.height * 3);
}
