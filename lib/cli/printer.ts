/** Where a command's events go: standard output, and the files that were asked for. @module */
import { PlumbError } from "../errors.ts";
import type { Emit, Event } from "../event.ts";
import { createDocument, createPrinter, outputsOf, type Printer } from "../report/mod.ts";
import type { CommandContext, Given } from "./command.ts";
import { keepMetrics } from "./metrics_file.ts";
import { outputOf } from "./options.ts";

/** Opens the printer of a command, and the file of its report. */
export function openPrinter(given: Given, context: CommandContext): Printer & Told {
  const events: Event[] = [];
  const report = given.text("report");
  if (report !== undefined) writeFile(report, "", false);
  const metrics = given.text("metrics-file");
  const measure = metrics === undefined
    ? undefined
    : keepMetrics(metrics, events, (event) => printer.emit(event));
  const output = outputOf(given);
  const { environment } = context;
  const printer = createPrinter(output, { ...context, folder: folderIn(given) });
  return {
    events,
    emit(event) {
      events.push(event);
      printer.emit(event);
      measure?.(event);
      context.listen?.(event);
    },
    close() {
      printer.close();
      if (report !== undefined) {
        writeFile(report, createDocument(events, { room: Infinity }), false);
      }
      if (output !== "github") return;
      const [summary, outputs] = [environment["GITHUB_STEP_SUMMARY"], environment["GITHUB_OUTPUT"]];
      if (summary) writeFile(summary, createDocument(events), true);
      if (outputs) {
        const lines = Object.entries(outputsOf(events)).map(([name, value]) =>
          `${name}=${value}\n`
        );
        writeFile(outputs, lines.join(""), true);
      }
    },
  };
}

/** What was told so far. */
interface Told {
  readonly emit: Emit;
  readonly events: readonly Event[];
}

/** The component's folder in its repository; none where it may be anywhere. */
function folderIn(given: Given): string {
  const [component] = given.positionals;
  const path = given.text("path") ?? (component === undefined ? "" : `manifests/${component}`);
  return path.startsWith("/") ? "" : path.replace(/^(?:\.\/)+|^\.$/, "").replace(/\/+$/, "");
}

function writeFile(path: string, text: string, append: boolean): void {
  try {
    Deno.writeTextFileSync(path, text, { append });
  } catch (cause) {
    throw new PlumbError("usage", "The file of the report can't be written", {
      place: { file: path },
      hint: "Name a file in a folder that exists.",
      cause,
    });
  }
}
