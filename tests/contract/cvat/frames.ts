/** Pictures out of uploaded files. */
import { encode } from "fast-png";
import type { Frame } from "./model.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The frames of all files. @throws {Error} with the line that Python would end with. */
export function framesOf(files: ReadonlyMap<string, Bytes>): { frames: Frame[]; isVideo: boolean } {
  if (files.size === 0) throw new Error("ValueError: No media data found");
  const names = [...files.keys()].sort();
  const [first = ""] = names;
  if (files.size === 1 && /\.avi$/i.test(first)) {
    return { frames: videoFrames(files.get(first) as Bytes), isVideo: true };
  }
  const frames = names.map((name) => {
    const bytes = files.get(name) as Bytes;
    return { name, bytes, ...sizeOf(bytes) };
  });
  return { frames, isVideo: false };
}

/** The JPEG files in an AVI file: chunks `00dc` in the list `movi`. */
function videoFrames(bytes: Bytes): Frame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: Frame[] = [];
  const text = (at: number) => new TextDecoder().decode(bytes.subarray(at, at + 4));
  const walk = (from: number, to: number) => {
    for (let at = from; at + 8 <= to;) {
      const length = view.getUint32(at + 4, true);
      if (text(at) === "RIFF" || text(at) === "LIST") walk(at + 12, at + 8 + length);
      else if (text(at) === "00dc") {
        const frame = bytes.slice(at + 8, at + 8 + length);
        const name = `frame_${String(frames.length).padStart(6, "0")}`;
        frames.push({ name, bytes: frame, ...sizeOf(frame) });
      }
      at += 8 + length + length % 2;
    }
  };
  walk(0, bytes.byteLength);
  if (frames.length === 0) throw new Error("av.error.InvalidDataError: Invalid data found");
  return frames;
}

/** Width and height by the header of a JPEG or PNG file. */
function sizeOf(bytes: Bytes): { width: number; height: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[0] === 0x89 && bytes[1] === 0x50) {
    return { width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (bytes[0] === 0xff && bytes[1] === 0xd8) {
    for (let at = 2; at + 9 < bytes.byteLength;) {
      const marker = view.getUint8(at + 1);
      if (marker >= 0xc0 && marker <= 0xc3) {
        return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
      }
      at += 2 + view.getUint16(at + 2);
    }
  }
  throw new Error("PIL.UnidentifiedImageError: cannot identify image file");
}

/** A grey picture of half the size. */
export function smaller({ width, height }: Frame): Bytes {
  const [half, low] = [width / 2, height / 2];
  const data = new Uint8Array(half * low).fill(128);
  return new Uint8Array(encode({ width: half, height: low, data, channels: 1, depth: 8 }));
}
