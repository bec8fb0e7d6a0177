/** A document of a whole run, for job summaries and comments. @module */
import type { ChangeReport, Event } from "../event.ts";
import { describe } from "../object.ts";
import { diffLines } from "./diff.ts";
import { DONE } from "./done.ts";
import { fightInWords } from "./fight.ts";
import { type Block, fit } from "./fit.ts";
import { code, escape, fenced, html } from "./markup.ts";
import { dividePlan, DRIFT_TITLE, SETTLED_TITLE } from "./plan_parts.ts";
import type { Printer, PrinterOptions } from "./printer.ts";
import { leftOutLines, proposalSentence } from "./proposal.ts";
import { irreversibleLines, undoSentence } from "./undo.ts";
import { safeText } from "./safe_text.ts";
import { createStyle } from "./style.ts";
import { suspensionInWords } from "./suspension.ts";
import { countsInWords, secondsInWords } from "./words.ts";

/** GitHub takes a summary of 1 MiB, and a character has three bytes at the most. */
const MAX_CHARACTERS = 340_000;

/** How a document is written. */
export interface DocumentOptions {
  /** Now, in milliseconds, for how long ago something was set. */
  readonly now: number;
  /** Instead of the component and its cluster. */
  readonly title?: string;
  /** Most characters. */
  readonly room?: number;
  /** Where all of it is to be found, as Markdown; said when it is too long. */
  readonly whole?: string;
}

/** A printer of Markdown. It writes at the end, since a document begins with its result. */
export function createMarkdownPrinter({ write, now = Date.now }: PrinterOptions): Printer {
  const events: Event[] = [];
  return {
    emit: (event) => void events.push(event),
    close: () => write(documentOf(events, { now: now() })),
  };
}

/** A run as a document, shortened to the room that there is. */
export function documentOf(events: readonly Event[], options: DocumentOptions): string {
  const { now, room = MAX_CHARACTERS, whole = "There is more than fits here." } = options;
  let title = "Plumb";
  let verdict = "";
  const body: Block[] = [];
  for (const event of events) {
    if (event.type === "run") {
      const place = event.cluster === undefined ? "" : ` on ${escape(event.cluster)}`;
      title = `${escape(event.component)}${place}`;
    }
    verdict = verdictLine(event) ?? verdict;
    body.push(...blocksOf(event, now));
  }
  const head = [`## ${options.title ?? title}`, "", ...(verdict === "" ? [] : [verdict, ""])];
  return fit([{ kind: "text", lines: head }, ...body], room, whole);
}

function verdictLine(event: Event): string | undefined {
  if (event.type === "verified") {
    return `**${event.passed} passed, ${event.failed} failed, ${event.notJudged} not judged** in ${
      secondsInWords(event.seconds)
    }; one after the other ${secondsInWords(event.sequentialSeconds)}`;
  }
  if (event.type !== "result") return undefined;
  const counts = countsInWords(event.counts);
  return `**${escape(event.message)}**: ${counts}, ${secondsInWords(event.seconds)}`;
}

function blocksOf(event: Event, now: number): Block[] {
  switch (event.type) {
    case "source":
      return [text(`Desired state: ${code(event.url)} at ${code(event.revision)}`, "")];
    case "plan":
      return planBlocks(event, now);
    case "requirement":
      return event.met ? [] : [
        row(`- ❌ **${escape(event.name)}**: ${escape(event.message)} ${escape(event.hint ?? "")}`),
      ];
    case "change":
      return changeBlocks(event);
    case "health":
      return event.status === "failed" ? healthBlocks(event) : [];
    case "violation":
      return [row(violationOf(event))];
    case "check":
      return event.status === "running" ? [] : [row(...checkOf(event))];
    case "proposal":
      return [
        text(`- ${escape(proposalSentence(event))}`),
        ...leftOutLines(event).map((line) => row(`- ${escape(line)}`)),
      ];
    case "fight": {
      const { sentence, next } = fightInWords(event, now);
      return [row(`- ⚠️ ${escape(sentence)}. ${escape(next)}`)];
    }
    case "suspension": {
      const { sentence, next = "" } = suspensionInWords(event, now);
      return [text(`- ${escape(sentence)}. ${escape(next)}`)];
    }
    case "data": {
      const symbol = { kept: "📦", back: "✅", lost: "❌" }[event.state];
      return [row(`- ${symbol} ${code(event.what)}: ${escape(event.message)}`)];
    }
    case "undo":
      return [
        row(`- ↩ ${escape(undoSentence(event))} ${escape(event.hint ?? "")}`),
        ...irreversibleLines(event).map((line) => row(`- ${escape(line)}`)),
      ];
    case "warning":
      return [row(`- ⚠️ ${escape(event.message)}`)];
    case "error":
      return [
        row(
          `- ❌ ${escape(event.message)} ${escape(event.place ?? "")} ${escape(event.hint ?? "")}`,
        ),
      ];
    default:
      return [];
  }
}

const text = (...lines: string[]): Block => ({ kind: "text", lines });
const row = (...lines: string[]): Block => ({ kind: "row", lines });
const detail = (...lines: string[]): Block => ({ kind: "detail", lines });

function changeBlocks(event: Extract<Event, { type: "change" }>): Block[] {
  const name = code(describe(event.object));
  if (event.result !== "done") {
    return [row(`- ❌ ${name} ${event.result}: ${escape(event.message ?? "")}`)];
  }
  if (event.taken === undefined) return [];
  const taken = event.taken.map(({ path, from }) => `${code(path)} from ${code(from)}`);
  return [row(`- ${name} ${DONE[event.action]}, took ${taken.join(", ")}`)];
}

function healthBlocks(event: Extract<Event, { type: "health" }>): Block[] {
  const line = row(`- ❌ ${code(describe(event.object))}: ${escape(event.message)}`);
  if (event.evidence === undefined) return [line];
  return [line, detail("", ...fenced(event.evidence.map(safeText), ""), "")];
}

function violationOf(event: Extract<Event, { type: "violation" }>): string {
  const symbol = { deny: "❌", warn: "⚠️", waived: "➖" }[event.level];
  const object = event.object === undefined ? "" : ` ${code(describe(event.object))}`;
  const place = event.file === undefined ? "" : ` ${code(`${event.file}:${event.line}`)}`;
  const after = event.waiver === undefined ? event.fix : `waived: ${event.waiver}`;
  return `- ${symbol} **${escape(event.policy)}**${object}${place}: ${escape(event.message)}<br>${
    escape(after)
  }`;
}

const SYMBOLS = { passed: "✅", failed: "❌", "not-judged": "➖", running: "" } as const;

function checkOf(event: Extract<Event, { type: "check" }>): string[] {
  const time = event.seconds === undefined ? "" : ` (${secondsInWords(event.seconds)})`;
  const said = [event.message, event.probably, event.hint].flatMap((text) =>
    text === undefined ? [] : [escape(text)]
  );
  return [
    `- ${SYMBOLS[event.status]} **${escape(event.title)}**${time}${
      said.length === 0 ? "" : `: ${said.join("<br>")}`
    }`,
    ...(event.evidence ?? []).map(({ name, value }) => `  - ${escape(name)}: ${code(value)}`),
  ];
}

function planBlocks(event: Extract<Event, { type: "plan" }>, now: number): Block[] {
  const { caused, drift } = dividePlan(event);
  const settled = event.base?.settled ?? [];
  return [
    ...changesBlocks(caused, now),
    ...(drift.length === 0 ? [] : [
      text(`<details><summary>${DRIFT_TITLE}: ${drift.length}</summary>`, ""),
      ...changesBlocks(drift, now),
      text("</details>", ""),
    ]),
    ...(settled.length === 0 ? [] : [
      row(`${SETTLED_TITLE}: ${settled.map((object) => code(describe(object))).join(", ")}`, ""),
    ]),
  ];
}

function changesBlocks(changes: readonly ChangeReport[], now: number): Block[] {
  if (changes.length === 0) return [];
  const rows = changes.map(({ action, object, file, line, fields }) => {
    const place = file === undefined ? "" : code(`${file}:${line}`);
    const count = fields.filter(({ drift }) => !drift).length || "";
    return row(`| ${action} | ${code(describe(object))} | ${place} | ${count} |`);
  });
  const style = createStyle(false);
  const details = changes.filter(({ fields, text, reason }) =>
    fields.length > 0 || text !== undefined || reason !== undefined
  )
    .map((change) =>
      detail(
        `<details><summary>${change.action} ${html(describe(change.object))}</summary>`,
        "",
        ...fenced(diffLines(change, { style, now }), "diff"),
        "",
        "</details>",
        "",
      )
    );
  return [
    text("| action | object | desired | fields |", "| --- | --- | --- | --- |"),
    ...rows,
    text(""),
    ...details,
  ];
}
