/** Makes a document fit where it goes. @module */

/** A part of a document. Where room lacks, the longest `detail` goes first, then the last `row`; `text` stays. */
export interface Block {
  readonly kind: "text" | "row" | "detail";
  readonly lines: readonly string[];
}

/**
 * The lines of the blocks that there is room for, with a remark at the end if that is not all of them.
 *
 * @param room in characters.
 * @example
 * ```ts
 * import { fit } from "./fit.ts";
 * import assert from "node:assert/strict";
 *
 * const blocks = [
 *   { kind: "text", lines: ["Plan"] },
 *   { kind: "detail", lines: ["x".repeat(100)] },
 * ] as const;
 * assert.equal(fit(blocks, 200, "More in the log"), `Plan\n${"x".repeat(100)}\n`);
 * assert.equal(fit(blocks, 100, "More in the log"), "Plan\n\nMore in the log\n");
 * ```
 */
export function fit(blocks: readonly Block[], room: number, remark: string): string {
  const whole = textOf(blocks);
  if (whole.length <= room) return whole;
  const end = `\n${remark}\n`;
  const kept = new Set(blocks);
  let length = whole.length + end.length;
  const details = blocks.filter(({ kind }) => kind === "detail")
    .sort((one, other) => lengthOf(other) - lengthOf(one));
  const rows = blocks.filter(({ kind }) => kind === "row").reverse();
  for (const block of [...details, ...rows]) {
    if (length <= room) break;
    kept.delete(block);
    length -= lengthOf(block);
  }
  const text = textOf([...kept]);
  const left = room - end.length;
  return (text.length <= left ? text : text.slice(0, text.lastIndexOf("\n", left) + 1)) + end;
}

function textOf(blocks: readonly Block[]): string {
  return blocks.flatMap(({ lines }) => lines).map((line) => `${line}\n`).join("");
}

function lengthOf({ lines }: Block): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}
