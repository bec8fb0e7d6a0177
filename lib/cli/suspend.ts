/** The commands `suspend` and `resume`. @module */
import { usage } from "./arguments.ts";
import type { Command, CommandContext, Given } from "./command.ts";
import { clusterOptions, connect, whoAndWhere } from "./connect.ts";
import { parseDuration } from "./duration.ts";
import { EXIT } from "./outcome.ts";
import { printed } from "./printed.ts";

/** `plumb suspend` as a command. */
export const suspend: Command = {
  name: "suspend",
  summary: "keep runs from writing to a component",
  usage: "plumb suspend COMPONENT --reason TEXT [--for TIME | --until WHEN] [OPTIONS]",
  description:
    "Until it is resumed, or the time is over, `reconcile` writes nothing to the component: it says who suspended it and why, and ends with 0. A run that is under way finishes its wave and stops. `undo` waits for `resume`, too. `diff`, `verify`, and the modes pr and observe go on as ever, and so does `rollback`, which somebody asks for.",
  positionals: 1,
  options: {
    reason: { type: "string", value: "TEXT", description: "Why, for whoever meets it" },
    for: { type: "string", value: "TIME", description: "How long, such as 90m, 2h or 3d" },
    until: {
      type: "string",
      value: "WHEN",
      description: "Until when, such as 2026-01-31T18:00Z; without a zone, in that of this machine",
    },
    ...clusterOptions,
  },
  examples: [
    {
      what: "Two hours for the hands of a person",
      line: 'plumb suspend cvat --reason "moving the database" --for 2h',
    },
    { what: "Until somebody resumes it", line: 'plumb suspend cvat --reason "incident 4711"' },
  ],
  run: (given, context) => runSuspension(given, context, "suspend"),
};

/** `plumb resume` as a command. */
export const resume: Command = {
  name: "resume",
  summary: "let runs write to a suspended component again",
  usage: "plumb resume COMPONENT [OPTIONS]",
  positionals: 1,
  options: clusterOptions,
  examples: [{ what: "The next run writes again", line: "plumb resume cvat" }],
  run: (given, context) => runSuspension(given, context, "resume"),
};

async function runSuspension(
  given: Given,
  context: CommandContext,
  command: "suspend" | "resume",
): Promise<number> {
  const [component] = given.positionals;
  if (component === undefined) {
    throw usage("Which component?", `Name it as the cluster does: \`${command} cvat\`.`);
  }
  const wanted = command === "suspend" ? wantedSuspension(given) : undefined;
  const from = whoAndWhere(context.environment, Deno.hostname());
  return await printed(given, context, async (emit) => {
    const apply = await import("../apply/mod.ts");
    using cluster = await connect(given, context);
    if (wanted === undefined) {
      const ended = await apply.resume(cluster, component, from);
      const state = ended === undefined ? "none" : "resumed";
      emit({ type: "suspension", component, state, ...ended });
    } else {
      const suspension = await apply.suspend(cluster, component, { ...wanted, from });
      emit({ type: "suspension", component, state: "suspended", ...suspension });
    }
    return EXIT.ok;
  });
}

function wantedSuspension(given: Given): { reason: string; span?: number; until?: string } {
  const reason = given.text("reason")?.trim() ?? "";
  if (reason === "") {
    throw usage(
      "Why?",
      'Say it with --reason TEXT, for whoever meets it, such as --reason "moving the database".',
    );
  }
  const [span, until] = [given.text("for"), given.text("until")];
  if (span !== undefined && until !== undefined) {
    throw usage("--for and --until exclude each other", "Give one of them.");
  }
  if (span !== undefined) return { reason, span: parseDuration(span) };
  return until === undefined
    ? { reason }
    : { reason, until: new Date(parseTime(until)).toISOString() };
}

/** Milliseconds since 1970 of a time to come. */
function parseTime(text: string): number {
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?$/;
  const time = form.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) {
    throw usage(`--until can't be ${text}`, "Write date and time such as 2026-01-31T18:00Z.");
  }
  if (time <= Date.now()) throw usage(`${text} has passed`, "Give --until a time to come.");
  return time;
}
