/** Markdown and HTML that no text from outside can break. @module */
import { safeText } from "./safe_text.ts";

/** A fence that nothing within can close. */
export function fenced(lines: readonly string[], language: string): string[] {
  const longest = Math.max(
    2,
    ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)),
  );
  const fence = "`".repeat(longest + 1);
  return [fence + language, ...lines, fence];
}

/** Text as code, also in a table. */
export function code(text: string): string {
  return `<code>${html(text).replaceAll("|", "&#124;")}</code>`;
}

/** Text that is neither markup nor able to do anything to a terminal. */
export function html(text: string): string {
  return safeText(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Text that is neither HTML nor Markdown. */
export function escape(text: string): string {
  return html(text).replaceAll(/([\\`*_[\]|@#])/g, "\\$1");
}
