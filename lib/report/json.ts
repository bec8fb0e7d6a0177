/** One event a line, for programs. @module */
import { EVENT_SCHEMA } from "../event.ts";
import type { Printer, PrinterOptions } from "./printer.ts";

/** A printer of JSON lines: each event with the schema it follows and the time it happened at. */
export function createJsonPrinter({ write, now = Date.now }: PrinterOptions): Printer {
  return {
    emit: (event) =>
      write(
        `${
          JSON.stringify({ schema: EVENT_SCHEMA, time: new Date(now()).toISOString(), ...event })
        }\n`,
      ),
    close: () => {},
  };
}
