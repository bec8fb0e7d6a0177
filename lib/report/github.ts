/** A run in the log of a GitHub Action: text, and annotations in its format; and what the step puts out. @module */
import type { Event } from "../event.ts";
import { describe } from "../object.ts";
import { dividePlan } from "./plan_parts.ts";
import type { Printer, PrinterOptions } from "./printer.ts";
import { proposalSentence } from "./proposal.ts";
import { safeText } from "./safe_text.ts";
import { createTextPrinter } from "./text.ts";

/** Where to print. */
export interface GitHubPrinterOptions extends PrinterOptions {
  /** The component's folder in the repository; annotations have files from there. */
  readonly folder?: string;
}

/** A command of the log, which becomes an annotation. */
interface Annotation {
  readonly level: "error" | "warning" | "notice";
  readonly message: string;
  readonly title?: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}

/** A printer for the log. The runner obeys lines that look like commands, so text comes between marks. */
export function createGitHubPrinter(options: GitHubPrinterOptions): Printer {
  const { write, folder = "" } = options;
  // Nobody else may know it: who writes it ends the part of the log in which commands mean nothing.
  const token = crypto.randomUUID();
  const annotations: Annotation[] = [];
  const text = createTextPrinter({ ...options, color: false, interactive: false });
  write(`::stop-commands::${token}\n`);
  return {
    emit(event) {
      text.emit(event);
      annotations.push(...annotationsOf(event));
    },
    close() {
      text.close();
      write(`::${token}::\n`);
      for (const annotation of annotations) write(`${commandOf(annotation, folder)}\n`);
    },
  };
}

function commandOf({ level, title, file, line, message }: Annotation, folder: string): string {
  const path = file === undefined ? undefined : folder === "" ? file : `${folder}/${file}`;
  const properties = Object.entries({ file: path, line, title }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${escapeProperty(String(value))}`]
  );
  return `::${level}${properties.length === 0 ? "" : ` ${properties.join(",")}`}::${
    escapeData(message)
  }`;
}

/**
 * Text as the data of a command.
 *
 * @example
 * ```ts
 * import { escapeData } from "./github.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(escapeData("100%\n::error::x"), "100%25%0A::error::x");
 * ```
 */
export function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

function annotationsOf(event: Event): Annotation[] {
  switch (event.type) {
    case "violation": {
      const { policy: title, level, message, fix, file, line } = event;
      if (level === "waived") return [];
      const name = event.object === undefined ? "" : `${describe(event.object)}: `;
      const text = `${name}${message}. ${fix}`;
      return [{ level: level === "deny" ? "error" : "warning", title, message: text, file, line }];
    }
    case "plan":
      return event.changes.filter(({ action }) => action === "conflict").map((change) => ({
        level: "error" as const,
        title: describe(change.object),
        message: withHint(change.reason ?? "It can't be applied", change.hint),
        file: change.file,
        line: change.line,
      }));
    case "requirement":
      return event.met
        ? []
        : [{ level: "error", title: event.name, message: withHint(event.message, event.hint) }];
    case "change":
      return event.result !== "failed" ? [] : [{
        level: "error",
        title: describe(event.object),
        message: withHint(event.message ?? "It failed", event.hint),
      }];
    case "health":
      return event.status !== "failed"
        ? []
        : [{ level: "error", title: describe(event.object), message: event.message }];
    case "check": {
      const { title, status, message = "", probably, hint } = event;
      if (status === "failed") {
        const text = [message, probably, hint].filter((part) => part !== undefined).join(" ");
        return [{ level: "error", title, message: text }];
      }
      return status === "not-judged" ? [{ level: "warning", title, message }] : [];
    }
    case "proposal":
      return event.state === "none" ? [] : [{ level: "notice", message: proposalSentence(event) }];
    case "warning":
      return [{ level: "warning", message: event.message }];
    case "error":
      return [{
        level: "error",
        message: withHint(event.message, event.hint),
        ...placeOf(event.place),
      }];
    default:
      return [];
  }
}

function withHint(message: string, hint: string | undefined): string {
  return hint === undefined || hint === "" ? message : `${message}. ${hint}`;
}

/** A place in a file of the component; other places are told in the text. */
function placeOf(place = ""): { readonly file?: string; readonly line?: number } {
  const [, file, line] = /^([^\s:,]+\.(?:ya?ml|json)):(\d+)/.exec(place) ?? [];
  return file === undefined ? {} : { file, line: Number(line) };
}

/** What a step of an Action puts out: text by name. What isn't known is absent. */
export function outputsOf(events: readonly Event[]): Readonly<Record<string, string>> {
  let [changed, drifted] = [false, false];
  const known: Record<string, string> = {};
  let run: Extract<Event, { type: "run" }> | undefined;
  for (const event of events) {
    if (event.type === "run") run = event;
    if (event.type === "plan" && run?.mode !== "apply") {
      const { caused, drift } = dividePlan(event);
      changed = run?.mode === "observe" && caused.length > 0;
      drifted = event.base === undefined
        ? caused.length > 0
        : drift.length > 0 || caused.some(({ fields }) => fields.some((field) => field.drift)) ||
          event.base.settled.length > 0;
    }
    if (event.type === "change" && event.result === "done") {
      changed = true;
      drifted ||= (event.taken?.length ?? 0) > 0;
    }
    if (event.type === "proposal" && event.url !== undefined) {
      known["pull-request-url"] = safeText(event.url);
    }
    if (event.type === "verified") {
      known["verified"] = String(event.failed + event.notJudged === 0);
    }
  }
  if (!events.some(({ type }) => type === "plan")) return known;
  const asked = run?.cluster !== undefined;
  return { ...known, changed: String(changed), ...(asked ? { drifted: String(drifted) } : {}) };
}
