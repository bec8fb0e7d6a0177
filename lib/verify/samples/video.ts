/** A short video made in code: JPEG frames in an AVI file, which every decoder reads. @module */

/** A video file of JPEG frames of one size. */
export function toAvi(
  frames: readonly Uint8Array[],
  { width, height, framesPerSecond = 5 }: {
    readonly width: number;
    readonly height: number;
    readonly framesPerSecond?: number;
  },
): Uint8Array<ArrayBuffer> {
  const largest = Math.max(...frames.map(({ byteLength }) => byteLength));
  const header = chunk(
    "avih",
    numbers(
      Math.round(1_000_000 / framesPerSecond),
      largest * framesPerSecond,
      0,
      HAS_INDEX,
      frames.length,
      0,
      1,
      largest,
      width,
      height,
      0,
      0,
      0,
      0,
    ),
  );
  const stream = list("strl", [
    chunk(
      "strh",
      join([
        text("vids"),
        text("MJPG"),
        numbers(0, 0, 0, 1, framesPerSecond, 0, frames.length, largest, 0xffffffff, 0),
        shorts(0, 0, width, height),
      ]),
    ),
    chunk(
      "strf",
      join([
        numbers(40, width, height),
        shorts(1, 24),
        text("MJPG"),
        numbers(width * height * 3, 0, 0, 0, 0),
      ]),
    ),
  ]);
  const chunks = frames.map((frame) => chunk("00dc", frame));
  let offset = 4;
  const index = frames.map((frame, number) => {
    const entry = join([text("00dc"), numbers(KEY_FRAME, offset, frame.byteLength)]);
    offset += chunks[number]?.byteLength ?? 0;
    return entry;
  });
  return chunk(
    "RIFF",
    join([
      text("AVI "),
      list("hdrl", [header, stream]),
      list("movi", chunks),
      chunk("idx1", join(index)),
    ]),
  );
}

const HAS_INDEX = 0x10;
const KEY_FRAME = 0x10;

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** Whole numbers of 32 bits, little-endian. */
function numbers(...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => view.setUint32(index * 4, value, true));
  return new Uint8Array(view.buffer);
}

function shorts(...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 2));
  values.forEach((value, index) => view.setUint16(index * 2, value, true));
  return new Uint8Array(view.buffer);
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.byteLength;
  }
  return all;
}

/** A chunk of RIFF: name, length, content, padded to an even length. */
function chunk(name: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const padding = new Uint8Array(content.byteLength % 2);
  return join([text(name), numbers(content.byteLength), content, padding]);
}

function list(name: string, chunks: readonly Uint8Array[]): Uint8Array {
  return chunk("LIST", join([text(name), ...chunks]));
}
