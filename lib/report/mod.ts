/**
 * Views of the event stream.
 * @module
 */
import { createJsonPrinter } from "./json.ts";
import { createJunitPrinter } from "./junit.ts";
import { createMarkdownPrinter } from "./markdown.ts";
import type { Printer, PrinterOptions } from "./printer.ts";
import { harmless } from "./safe_text.ts";
import { createTextPrinter } from "./text.ts";

export type { Printer, PrinterOptions } from "./printer.ts";
export { safeText } from "./safe_text.ts";
export { countsInWords } from "./words.ts";

/** A printer for one of the outputs of the CLI. */
export function createPrinter(
  output: "text" | "json" | "markdown" | "junit",
  options: PrinterOptions,
): Printer {
  // JSON escapes control characters by itself.
  if (output === "json") return createJsonPrinter(options);
  const create = {
    text: createTextPrinter,
    markdown: createMarkdownPrinter,
    junit: createJunitPrinter,
  };
  const printer = create[output](options);
  return { emit: (event) => printer.emit(harmless(event)), close: () => printer.close() };
}
