/**
 * Views of the event stream.
 * @module
 */
import { createJsonPrinter } from "./json.ts";
import { createMarkdownPrinter } from "./markdown.ts";
import type { Printer, PrinterOptions } from "./printer.ts";
import { createTextPrinter } from "./text.ts";

export type { Printer, PrinterOptions } from "./printer.ts";
export { safeText } from "./safe_text.ts";
export { countsInWords } from "./words.ts";

/** A printer for one of the outputs of the CLI. */
export function createPrinter(
  output: "text" | "json" | "markdown",
  options: PrinterOptions,
): Printer {
  switch (output) {
    case "text":
      return createTextPrinter(options);
    case "json":
      return createJsonPrinter(options);
    case "markdown":
      return createMarkdownPrinter(options);
  }
}
