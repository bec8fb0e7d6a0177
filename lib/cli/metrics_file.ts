/** `--metrics-file`: the numbers of a run, for a textfile collector. @module */
import { dirname } from "node:path";
import { messageOf, PlumbError } from "../errors.ts";
import type { Emit, Event } from "../event.ts";
import { metricsOf } from "../report/mod.ts";

/** What ends something that there are numbers of. */
const ENDS: ReadonlySet<Event["type"]> = new Set(["result", "verified", "error"]);

/**
 * Keeps a file with the metrics of all events so far: a reader sees it whole or not at all.
 *
 * @param warn hears that it can't be written in the end, which fails no run.
 * @returns to be called with each event, once it is among `events`.
 * @throws {PlumbError} `usage` when its folder is not there.
 */
export function keepMetrics(path: string, events: readonly Event[], warn: Emit): Emit {
  try {
    if (!Deno.statSync(dirname(path)).isDirectory) throw new Error("its folder is none");
  } catch (cause) {
    throw new PlumbError("usage", "The file of metrics can't be written", {
      place: { file: path },
      hint: "Name a file in a folder that exists.",
      cause,
    });
  }
  return ({ type }) => {
    if (!ENDS.has(type)) return;
    const unfinished = `${path}.${Deno.pid}.tmp`;
    try {
      Deno.writeTextFileSync(unfinished, metricsOf(events, Date.now()));
      Deno.renameSync(unfinished, path);
    } catch (error) {
      warn({ type: "warning", message: `The metrics are not written: ${messageOf(error)}` });
    }
  };
}
