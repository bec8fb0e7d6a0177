/**
 * Views of the event stream.
 * @module
 */
import type { Event } from "../event.ts";
import { createGitHubPrinter, type GitHubPrinterOptions } from "./github.ts";
import { createJsonPrinter } from "./json.ts";
import { createJunitPrinter } from "./junit.ts";
import { createMarkdownPrinter, documentOf, type DocumentOptions } from "./markdown.ts";
import type { Printer } from "./printer.ts";
import { harmless } from "./safe_text.ts";
import { createTextPrinter } from "./text.ts";

export type { Printer, PrinterOptions } from "./printer.ts";
export { outputsOf } from "./github.ts";
export { changesInWords } from "./done.ts";
export { code, escape, fenced } from "./markup.ts";
export { metricsOf } from "./metrics.ts";
export { safeText } from "./safe_text.ts";
export { HEALTH_WORD, verdictInWords } from "./state.ts";
export { suspensionInWords } from "./suspension.ts";
export { clip, markdownTable, textTable } from "./table.ts";
export { type Verdict, verdictOf } from "./verdict.ts";
export {
  agoInWords,
  clockInWords,
  counted,
  countsInWords,
  secondsInWords,
  whoInWords,
} from "./words.ts";

/** A printer for one of the outputs of the CLI. */
export function createPrinter(
  output: "text" | "json" | "markdown" | "junit" | "github",
  options: GitHubPrinterOptions,
): Printer {
  // JSON escapes control characters by itself.
  if (output === "json") return createJsonPrinter(options);
  const create = {
    text: createTextPrinter,
    markdown: createMarkdownPrinter,
    junit: createJunitPrinter,
    github: createGitHubPrinter,
  };
  const printer = create[output](options);
  return { emit: (event) => printer.emit(harmless(event)), close: () => printer.close() };
}

/** A run as a Markdown document. */
export function createDocument(
  events: readonly Event[],
  options: Partial<DocumentOptions> = {},
): string {
  return documentOf(events.map((event) => harmless(event)), { now: Date.now(), ...options });
}
