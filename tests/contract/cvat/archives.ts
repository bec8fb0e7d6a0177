/** Exports, as CVAT writes them. */
import { zipSync } from "fflate";
import type { Annotations, Shape, Task } from "./model.ts";

/** Names of formats, and what they write. */
export const EXPORTERS: ReadonlyMap<string, (task: Task) => Readonly<Record<string, string>>> =
  new Map([
    ["COCO 1.0", coco],
    ["YOLO 1.1", yolo],
    ["PASCAL VOC 1.1", pascalVoc],
    ["CVAT for images 1.1", cvatImages],
    ["CVAT for video 1.1", cvatVideo],
  ]);

/** The archive of an export. */
export function archiveOf(task: Task, format: string): Uint8Array<ArrayBuffer> {
  const write = EXPORTERS.get(format);
  if (write === undefined || task.frames === undefined) {
    throw new Error("cvat.apps.engine.exceptions: Exporting without data is not allowed");
  }
  const files = Object.entries(write(task))
    .map(([name, text]) => [name, new TextEncoder().encode(text)] as const);
  return new Uint8Array(zipSync(Object.fromEntries(files)));
}

const stem = (name: string) => name.replace(/\.\w+$/, "");
const rectangles = ({ shapes }: Annotations) => shapes.filter(({ type }) => type === "rectangle");
const fixed = (value: number) => value.toFixed(2);

function boxOf({ points: [left = 0, top = 0, right = 0, bottom = 0] }: Pick<Shape, "points">) {
  return { left, top, right, bottom, width: right - left, height: bottom - top };
}

function coco({ frames = [], labels, annotations }: Task): Record<string, string> {
  const items = annotations.shapes
    .filter(({ type }) => type === "rectangle" || type === "polygon")
    .map((shape, index) => {
      const xs = shape.points.filter((_, at) => at % 2 === 0);
      const ys = shape.points.filter((_, at) => at % 2 === 1);
      const [x, y] = [Math.min(...xs), Math.min(...ys)];
      const [width, height] = [Math.max(...xs) - x, Math.max(...ys) - y];
      return {
        id: index + 1,
        image_id: shape.frame + 1,
        category_id: labels.findIndex(({ id }) => id === shape.label_id) + 1,
        segmentation: shape.type === "polygon" ? [shape.points] : [],
        area: width * height,
        bbox: [x, y, width, height],
        iscrowd: 0,
      };
    });
  const images = frames.map(({ name, width, height }, index) => (
    { id: index + 1, file_name: name, width, height }
  ));
  const categories = labels.map(({ name }, index) => ({ id: index + 1, name }));
  return {
    "annotations/instances_default.json": JSON.stringify({
      categories,
      images,
      annotations: items,
    }),
  };
}

function yolo({ frames = [], labels, annotations }: Task): Record<string, string> {
  const files = frames.map(({ name, width, height }, frame) => {
    const lines = rectangles(annotations).filter((shape) => shape.frame === frame).map((shape) => {
      const box = boxOf(shape);
      const numbers = [
        (box.left + box.right) / 2 / width,
        (box.top + box.bottom) / 2 / height,
        box.width / width,
        box.height / height,
      ];
      const label = labels.findIndex(({ id }) => id === shape.label_id);
      return `${label} ${numbers.map((value) => value.toFixed(6)).join(" ")}\n`;
    });
    return [`obj_train_data/${stem(name)}.txt`, lines.join("")] as const;
  });
  return {
    "obj.data": `classes = ${labels.length}\ntrain = data/train.txt\nnames = data/obj.names\n`,
    "obj.names": labels.map(({ name }) => `${name}\n`).join(""),
    "train.txt": frames.map(({ name }) => `data/obj_train_data/${name}\n`).join(""),
    ...Object.fromEntries(files),
  };
}

function pascalVoc({ frames = [], labels, annotations }: Task): Record<string, string> {
  const names = new Map(labels.map(({ id, name }) => [id, name]));
  const files = frames.flatMap(({ name, width, height }, frame) => {
    const objects = rectangles(annotations).filter((shape) => shape.frame === frame);
    if (objects.length === 0) return [];
    const text = objects.map((shape) => {
      const { left, top, right, bottom } = boxOf(shape);
      return `<object><name>${names.get(shape.label_id)}</name><bndbox>` +
        `<xmin>${left}</xmin><ymin>${top}</ymin><xmax>${right}</xmax><ymax>${bottom}</ymax>` +
        "</bndbox></object>";
    }).join("");
    const size = `<size><width>${width}</width><height>${height}</height><depth></depth></size>`;
    const file = `<annotation><filename>${name}</filename>${size}${text}</annotation>`;
    return [[`Annotations/${stem(name)}.xml`, file] as const];
  });
  return {
    "labelmap.txt": labels.map(({ name }) => `${name}:0,0,0::\n`).join(""),
    "ImageSets/Main/default.txt": frames.map(({ name }) => `${stem(name)}\n`).join(""),
    ...Object.fromEntries(files),
  };
}

const SIDES = ["xtl", "ytl", "xbr", "ybr"];

function corners(points: readonly number[]): string {
  return points.map((value, side) => `${SIDES[side]}="${fixed(value)}"`).join(" ");
}

function cvatImages({ frames = [], labels, annotations }: Task): Record<string, string> {
  const names = new Map(labels.map(({ id, name }) => [id, name]));
  const images = frames.map(({ name, width, height }, frame) => {
    const tags = annotations.tags.filter((tag) => tag.frame === frame)
      .map((tag) => `<tag label="${names.get(tag.label_id)}" source="manual"></tag>`);
    const shapes = annotations.shapes.filter((shape) => shape.frame === frame).map((shape) => {
      const label = `label="${names.get(shape.label_id)}" source="manual" occluded="0"`;
      if (shape.type === "rectangle") {
        return `<box ${label} ${corners(shape.points)} z_order="0"></box>`;
      }
      const pairs = shape.points.flatMap((x, at) =>
        at % 2 === 0 ? [`${fixed(x)},${fixed(shape.points[at + 1] ?? 0)}`] : []
      );
      return `<${shape.type} ${label} points="${pairs.join(";")}" z_order="0"></${shape.type}>`;
    });
    const size = `width="${width}" height="${height}"`;
    return `<image id="${frame}" name="${name}" ${size}>${[...tags, ...shapes].join("")}</image>`;
  });
  return {
    "annotations.xml":
      `<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>${
        images.join("")
      }</annotations>`,
  };
}

function cvatVideo({ labels, annotations }: Task): Record<string, string> {
  const names = new Map(labels.map(({ id, name }) => [id, name]));
  const tracks = annotations.tracks.map(({ label_id, shapes }, id) => {
    const boxes = shapes.map(({ frame, outside, points }) =>
      `<box frame="${frame}" keyframe="1" outside="${outside ? 1 : 0}" occluded="0" ${
        corners(points)
      } z_order="0"></box>`
    );
    return `<track id="${id}" label="${names.get(label_id)}" source="manual">${
      boxes.join("")
    }</track>`;
  });
  return {
    "annotations.xml":
      `<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>${
        tracks.join("")
      }</annotations>`,
  };
}
