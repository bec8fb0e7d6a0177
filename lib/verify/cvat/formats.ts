/** What is in the archives of exports: numbers that must agree with what was annotated. @module */
import { XMLParser } from "fast-xml-parser";
import { unzipSync } from "fflate";
import { z } from "zod";

/** A box on a frame, in pixels: left, top, right, bottom. */
export interface Box {
  readonly frame: string;
  readonly label: string;
  readonly box: readonly [number, number, number, number];
}

/** Size of each frame by its name without the ending. */
export type Sizes = ReadonlyMap<string, { readonly width: number; readonly height: number }>;

/** Files of an archive by name. */
export type Archive = ReadonlyMap<string, Uint8Array>;

/** A format of which the boxes can be read. */
export interface Format {
  /** As CVAT names it. */
  readonly name: string;
  /** How far a coordinate may be off, in pixels. */
  readonly tolerance: number;
  /** @throws {Error} in words, when the archive is not what it should be. */
  boxes(archive: Archive, sizes: Sizes): Box[];
}

const MAX_UNPACKED = 256 * 1024 * 1024;
const MAX_FILES = 10_000;

/**
 * Opens a zip archive, within limits.
 *
 * @throws {Error} when it is none, damaged, or too large.
 */
export function openArchive(bytes: Uint8Array): Archive {
  let [size, count] = [0, 0];
  const files = unzipSync(bytes, {
    filter: ({ originalSize }) => {
      size += originalSize;
      if (size > MAX_UNPACKED || ++count > MAX_FILES) throw new Error("the archive is too large");
      return true;
    },
  });
  if (count === 0) throw new Error("the archive is empty");
  return new Map(Object.entries(files));
}

function textOf(archive: Archive, name: string): string {
  const bytes = archive.get(name);
  if (bytes === undefined) {
    throw new Error(
      `it has no ${name}, but ${[...archive.keys()].slice(0, 5).join(", ") || "nothing"}`,
    );
  }
  return new TextDecoder().decode(bytes);
}

/** Names of frames come with or without folders and endings. */
function stem(name: string): string {
  return (name.split("/").at(-1) ?? name).replace(/\.[A-Za-z0-9]+$/, "");
}

const coco = z.object({
  images: z.array(z.object({ id: z.number(), file_name: z.string() })),
  categories: z.array(z.object({ id: z.number(), name: z.string() })),
  annotations: z.array(z.object({
    image_id: z.number(),
    category_id: z.number(),
    bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]),
    segmentation: z.unknown(),
  })),
});

/** Polygons are there, too, as segmentations with a box around them: only those without are rectangles. */
const COCO: Format = {
  name: "COCO 1.0",
  tolerance: 0.01,
  boxes(archive) {
    const data = coco.parse(JSON.parse(textOf(archive, "annotations/instances_default.json")));
    const images = new Map(data.images.map(({ id, file_name }) => [id, stem(file_name)]));
    const labels = new Map(data.categories.map(({ id, name }) => [id, name]));
    return data.annotations.filter(({ segmentation }) => isEmpty(segmentation)).map((item) => {
      const [x, y, width, height] = item.bbox;
      return {
        frame: images.get(item.image_id) ?? "",
        label: labels.get(item.category_id) ?? "",
        box: [x, y, x + width, y + height],
      };
    });
  },
};

function isEmpty(segmentation: unknown): boolean {
  return segmentation === undefined || (Array.isArray(segmentation) && segmentation.length === 0);
}

/** Centre and size as parts of the picture, six digits after the point. */
const YOLO: Format = {
  name: "YOLO 1.1",
  tolerance: 0.01,
  boxes(archive, sizes) {
    const labels = textOf(archive, "obj.names").split("\n").map((line) => line.trim());
    return [...archive.keys()].filter((name) => /^obj_train_data\/.*\.txt$/.test(name)).flatMap(
      (name) => {
        const frame = stem(name);
        const size = sizes.get(frame);
        if (size === undefined) throw new Error(`${name} is of a frame that was not uploaded`);
        return textOf(archive, name).split("\n").filter((line) => line.trim() !== "").map(
          (line) => {
            const [label = 0, x = 0, y = 0, width = 0, height = 0] = line.trim().split(/\s+/).map(
              Number,
            );
            return {
              frame,
              label: labels[label] ?? "",
              box: [
                (x - width / 2) * size.width,
                (y - height / 2) * size.height,
                (x + width / 2) * size.width,
                (y + height / 2) * size.height,
              ] as const,
            };
          },
        );
      },
    );
  },
};

const xml = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  isArray: (name) => ["image", "box", "object", "track"].includes(name),
  processEntities: false,
});

const number = z.coerce.number();
const voc = z.object({
  annotation: z.object({
    filename: z.coerce.string(),
    object: z.array(z.object({
      name: z.coerce.string(),
      bndbox: z.object({ xmin: number, ymin: number, xmax: number, ymax: number }),
    })).default([]),
  }),
});

const PASCAL_VOC: Format = {
  name: "PASCAL VOC 1.1",
  tolerance: 0.01,
  boxes(archive) {
    return [...archive.keys()].filter((name) => /^Annotations\/.*\.xml$/.test(name)).flatMap(
      (name) => {
        const { annotation } = voc.parse(xml.parse(textOf(archive, name)));
        return annotation.object.map(({ name: label, bndbox }) => ({
          frame: stem(annotation.filename),
          label,
          box: [bndbox.xmin, bndbox.ymin, bndbox.xmax, bndbox.ymax] as const,
        }));
      },
    );
  },
};

const cvatBox = z.object({ label: z.string(), xtl: number, ytl: number, xbr: number, ybr: number });
const cvatImages = z.object({
  annotations: z.object({
    image: z.array(z.object({ name: z.string(), box: z.array(cvatBox).default([]) })).default([]),
  }),
});

const CVAT_IMAGES: Format = {
  name: "CVAT for images 1.1",
  tolerance: 0.01,
  boxes(archive) {
    const { annotations } = cvatImages.parse(xml.parse(textOf(archive, "annotations.xml")));
    return annotations.image.flatMap(({ name, box }) =>
      box.map(({ label, xtl, ytl, xbr, ybr }) => ({
        frame: stem(name),
        label,
        box: [xtl, ytl, xbr, ybr] as const,
      }))
    );
  },
};

/** All formats whose boxes can be compared, by their names. */
export const FORMATS: ReadonlyMap<string, Format> = new Map(
  [COCO, YOLO, PASCAL_VOC, CVAT_IMAGES].map((format) => [format.name, format]),
);

/**
 * How boxes differ from those that are wanted, in words; undefined when they agree.
 *
 * @example
 * ```ts
 * import { compareBoxes } from "./formats.ts";
 * import assert from "node:assert/strict";
 *
 * const box = { frame: "1", label: "car", box: [5, 6, 30, 25] } as const;
 * assert.equal(compareBoxes([box], [box], 0.01), undefined);
 * assert.match(compareBoxes([box], [], 0.01) ?? "", /0 boxes instead of 1/);
 * ```
 */
export function compareBoxes(
  wanted: readonly Box[],
  found: readonly Box[],
  tolerance: number,
): string | undefined {
  if (wanted.length !== found.length) return `${found.length} boxes instead of ${wanted.length}`;
  const rest = [...found];
  for (const want of wanted) {
    const at = rest.findIndex(({ frame, label, box }) =>
      frame === want.frame && label === want.label &&
      box.every((value, index) => Math.abs(value - (want.box[index] ?? NaN)) <= tolerance)
    );
    if (at < 0) {
      return `no box ${want.label} on ${want.frame} at ${want.box.join(",")}, but ${
        rest.slice(0, 2).map(({ frame, label, box }) =>
          `${label} on ${frame} at ${box.map((value) => Number(value.toFixed(3))).join(",")}`
        ).join(" and ")
      }`;
    }
    rest.splice(at, 1);
  }
  return undefined;
}
