/** Imports of CVAT's own format. */
import { XMLParser } from "fast-xml-parser";
import { unzipSync } from "fflate";
import { z } from "zod";
import type { Annotations, Task } from "./model.ts";

const number = z.coerce.number();
const polygon = z.object({ label: z.string(), points: z.string() });
const image = z.object({
  name: z.string(),
  tag: z.array(z.object({ label: z.string() })).default([]),
  box: z.array(
    z.object({ label: z.string(), xtl: number, ytl: number, xbr: number, ybr: number }),
  ).default([]),
  polygon: z.array(polygon).default([]),
  polyline: z.array(polygon).default([]),
  points: z.array(polygon).default([]),
});
const file = z.object({ annotations: z.object({ image: z.array(image).default([]) }) });

const xml = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  isArray: (name, _path, _isLeaf, isAttribute) =>
    !isAttribute && ["image", "tag", "box", "polygon", "polyline", "points"].includes(name),
});

/** The annotations in a file, or in an archive with such a file, for a task's frames and labels. */
export function annotationsIn(
  bytes: Uint8Array,
  { frames = [], labels }: Task,
  id: () => number,
): Annotations {
  const isArchive = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const text = new TextDecoder().decode(isArchive ? unzipSync(bytes)["annotations.xml"] : bytes);
  const { annotations } = file.parse(xml.parse(text));
  const stem = (name: string) => name.replace(/\.\w+$/, "");
  const labelId = (name: string) => labels.find((label) => label.name === name)?.id ?? 0;
  const found = annotations.image.map((image) => {
    const frame = frames.findIndex(({ name }) => stem(name) === stem(image.name));
    if (frame < 0) throw new Error(`cvat.apps.dataset_manager: no frame ${image.name}`);
    const numbers = (text: string) => text.split(/[;,]/).map(Number);
    const shape = (type: string, label: string, points: number[]) => (
      { id: id(), type, frame, label_id: labelId(label), points, outside: false }
    );
    const polygons = (["polygon", "polyline", "points"] as const).flatMap((type) =>
      image[type].map(({ label, points }) => shape(type, label, numbers(points)))
    );
    return {
      tags: image.tag.map(({ label }) => ({ id: id(), frame, label_id: labelId(label) })),
      shapes: [
        ...image.box.map(({ label, xtl, ytl, xbr, ybr }) =>
          shape("rectangle", label, [xtl, ytl, xbr, ybr])
        ),
        ...polygons,
      ],
    };
  });
  return {
    tags: found.flatMap(({ tags }) => tags),
    shapes: found.flatMap(({ shapes }) => shapes),
    tracks: [],
  };
}
