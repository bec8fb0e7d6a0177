/** Tables, for terminals and as Markdown. @module */
import { safeText } from "./safe_text.ts";

/**
 * A table for a terminal.
 *
 * @param columns lines that are longer are cut; none when absent.
 */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number | undefined,
): string {
  const cells = [header, ...rows].map((row) => row.map(safeText));
  const widths = header.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)));
  return cells.map((row) => {
    const line = row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join("  ").trimEnd();
    return `${clip(line, columns)}\n`;
  }).join("");
}

/** A table of Markdown. Cells are Markdown. */
export function markdownTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((cell) => cell.replaceAll(/(?<!\\)\|/g, "\\|").replaceAll("\n", " ")).join(" | ")
    } |\n`;
  return line(header) + line(header.map(() => "---")) + rows.map(line).join("");
}

/** A line that a terminal shows without a break. */
export function clip(line: string, columns = Infinity): string {
  return line.length <= columns ? line : `${line.slice(0, Math.max(columns - 1, 0))}…`;
}
