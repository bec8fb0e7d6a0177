/** A document of a whole run, for job summaries and comments. @module */
import type { ChangeReport, Event } from "../event.ts";
import { describe } from "../object.ts";
import { diffLines } from "./diff.ts";
import type { Printer, PrinterOptions } from "./printer.ts";
import { safeText } from "./safe_text.ts";
import { createStyle, DONE } from "./style.ts";
import { countsInWords, secondsInWords } from "./words.ts";
import { leftOutLines, proposalSentence } from "./proposal.ts";

/** A printer of Markdown. It writes at the end, since a document begins with its result. */
export function createMarkdownPrinter({ write, now = Date.now }: PrinterOptions): Printer {
  const events: Event[] = [];
  return {
    emit: (event) => void events.push(event),
    close: () => write(`${documentOf(events, now()).join("\n")}\n`),
  };
}

function documentOf(events: readonly Event[], now: number): string[] {
  const body: string[] = [];
  let title = "Plumb";
  let verdict = "";
  for (const event of events) {
    switch (event.type) {
      case "run":
        title = `${escape(event.component)} on ${escape(event.cluster)}`;
        break;
      case "source":
        body.push(`Desired state: ${code(event.url)} at ${code(event.revision)}`, "");
        break;
      case "plan":
        body.push(...planOf(event.changes, now));
        break;
      case "requirement":
        if (!event.met) {
          body.push(
            `- ❌ **${escape(event.name)}**: ${escape(event.message)} ${escape(event.hint ?? "")}`,
          );
        }
        break;
      case "change":
        if (event.result !== "done") {
          body.push(
            `- ❌ ${code(describe(event.object))} ${event.result}: ${escape(event.message ?? "")}`,
          );
        } else if (event.taken !== undefined) {
          const taken = event.taken.map(({ path, from }) => `${code(path)} from ${code(from)}`)
            .join(", ");
          body.push(`- ${code(describe(event.object))} ${DONE[event.action]}, took ${taken}`);
        }
        break;
      case "health":
        if (event.status === "failed") {
          body.push(`- ❌ ${code(describe(event.object))}: ${escape(event.message)}`);
          if (event.evidence !== undefined) {
            body.push("", ...fenced(event.evidence.map(safeText), ""), "");
          }
        }
        break;
      case "violation":
        body.push(violationOf(event));
        break;
      case "check":
        if (event.status !== "running") body.push(...checkOf(event));
        break;
      case "verified":
        verdict =
          `**${event.passed} passed, ${event.failed} failed, ${event.notJudged} not judged** in ${
            secondsInWords(event.seconds)
          }; one after the other ${secondsInWords(event.sequentialSeconds)}`;
        break;
      case "proposal":
        body.push(`- ${escape(proposalSentence(event))}`);
        body.push(...leftOutLines(event).map((line) => `- ${escape(line)}`));
        break;
      case "warning":
        body.push(`- ⚠️ ${escape(event.message)}`);
        break;
      case "error":
        body.push(
          `- ❌ ${escape(event.message)} ${escape(event.place ?? "")} ${escape(event.hint ?? "")}`,
        );
        break;
      case "result":
        verdict = `**${escape(event.message)}**: ${countsInWords(event.counts)}, ${
          secondsInWords(event.seconds)
        }`;
        break;
    }
  }
  return [`## ${title}`, "", ...(verdict === "" ? [] : [verdict, ""]), ...body];
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

function planOf(changes: readonly ChangeReport[], now: number): string[] {
  if (changes.length === 0) return [];
  const rows = changes.map(({ action, object, file, line, fields }) =>
    `| ${action} | ${code(describe(object))} | ${
      file === undefined ? "" : code(`${file}:${line}`)
    } | ${fields.length || ""} |`
  );
  const style = createStyle(false);
  const details = changes.filter(({ fields, text, reason }) =>
    fields.length > 0 || text !== undefined || reason !== undefined
  )
    .flatMap((change) => [
      `<details><summary>${change.action} ${html(describe(change.object))}</summary>`,
      "",
      ...fenced(diffLines(change, { style, now }), "diff"),
      "",
      "</details>",
      "",
    ]);
  return [
    "| action | object | desired | fields |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    ...details,
  ];
}

/** A fence that nothing within can close. */
function fenced(lines: readonly string[], language: string): string[] {
  const longest = Math.max(
    2,
    ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)),
  );
  const fence = "`".repeat(longest + 1);
  return [fence + language, ...lines, fence];
}

function code(text: string): string {
  return `<code>${html(text).replaceAll("|", "&#124;")}</code>`;
}

/** Text that is neither markup nor able to do anything to a terminal. */
function html(text: string): string {
  return safeText(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function escape(text: string): string {
  return html(text).replaceAll(/([\\`*_[\]|@#])/g, "\\$1");
}
