/** What commands have in common that tell events: a printer, and errors as events. @module */
import type { Emit } from "../event.ts";
import type { CommandContext, Given } from "./command.ts";
import { outputOf } from "./options.ts";

/** Runs a command with somewhere to tell what happens. @returns the exit code. */
export async function printed(
  given: Given,
  context: CommandContext,
  work: (emit: Emit) => Promise<number>,
): Promise<number> {
  const { createPrinter } = await import("../report/mod.ts");
  const printer = createPrinter(outputOf(given), context);
  try {
    return await work(printer.emit);
  } catch (error) {
    const { reportError } = await import("./report_error.ts");
    return reportError(error, printer.emit, { signal: context.signal, debug: given.flag("debug") });
  } finally {
    printer.close();
  }
}
