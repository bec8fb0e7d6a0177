/** Text for people: quiet lines, and on a terminal what is in progress. @module */
import type { ChangeReport, Event } from "../event.ts";
import { describe, keyOf, type ObjectReference } from "../object.ts";
import { shortRevision } from "../revision.ts";
import { diffLines } from "./diff.ts";
import { DONE } from "./done.ts";
import { fightInWords } from "./fight.ts";
import { LiveBlock } from "./live.ts";
import { dividePlan, DRIFT_TITLE, SETTLED_TITLE } from "./plan_parts.ts";
import type { Printer, PrinterOptions } from "./printer.ts";
import { safeText } from "./safe_text.ts";
import { createStyle, paint, type Style, SYMBOL } from "./style.ts";
import { suspensionInWords } from "./suspension.ts";
import { countsInWords, secondsInWords } from "./words.ts";
import { leftOutLines, proposalSentence } from "./proposal.ts";
import { irreversibleLines, undoSentence } from "./undo.ts";

const MAX_WAITING = 6;

/** A printer of text. */
export function createTextPrinter(options: PrinterOptions): Printer {
  const printer = new TextPrinter(options);
  return { emit: (event) => printer.emit(event), close: () => printer.close() };
}

class TextPrinter {
  readonly #style: Style;
  readonly #now: () => number;
  readonly #live: LiveBlock | undefined;
  readonly #options: PrinterOptions;
  readonly #waiting = new Map<string, { reference: ObjectReference; message: string }>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #started = 0;
  #stage = "";
  #wave = "";
  #done = 0;
  #total = 0;
  #observing = false;
  readonly #running = new Set<string>();

  constructor(options: PrinterOptions) {
    this.#options = options;
    this.#style = createStyle(options.color);
    this.#now = options.now ?? Date.now;
    if (options.interactive) {
      this.#live = new LiveBlock(options.write, options.columns);
      this.#timer = setInterval(() => this.#draw(), 250);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#live?.clear();
  }

  emit(event: Event): void {
    for (const line of this.#linesOf(event)) this.#line(line);
    this.#draw();
  }

  #line(text: string): void {
    if (this.#live === undefined) this.#options.write(`${text}\n`);
    else this.#live.print(`${text}\n`);
  }

  /** The lines that an event adds to the text that stays. */
  #linesOf(event: Event): string[] {
    const style = this.#style;
    switch (event.type) {
      case "run":
        this.#started = this.#now();
        this.#observing = event.mode !== "apply";
        return [
          event.cluster === undefined
            ? style.bold(event.component)
            : `${style.bold(event.component)} ${style.dim(`on ${safeText(event.cluster)}`)}`,
        ];
      case "source": {
        const author = event.author === undefined ? "" : ` by ${safeText(event.author)}`;
        const subject = event.subject === undefined ? "" : ` “${safeText(event.subject)}”${author}`;
        return [style.dim(`${safeText(event.url)} at ${shortRevision(event.revision)}${subject}`)];
      }
      case "stage":
        this.#stage = event.stage;
        return [];
      case "requirement":
        return [
          event.met
            ? `${style.green("✓")} ${event.name}: ${safeText(event.message)}`
            : `${style.red("✗")} ${event.name}: ${safeText(event.message)}`,
          ...(event.hint === undefined || event.met
            ? []
            : [`    ${style.cyan("→")} ${safeText(event.hint)}`]),
        ];
      case "plan":
        this.#total = event.changes.length;
        return this.#planLines(event);
      case "wave":
        this.#wave = `  wave ${event.wave} of ${event.waves}`;
        return [];
      case "change":
        this.#done++;
        return this.#changeLines(event);
      case "health":
        return this.#healthLines(event);
      case "violation":
        return violationLines(event, style);
      case "check":
        return this.#checkLines(event);
      case "verified":
        return [verifiedLine(event, style)];
      case "comment":
        return [`Comment ${event.state}: ${safeText(event.url)}`];
      case "proposal":
        return [
          ...leftOutLines(event).map((line) => `${style.yellow("–")} ${safeText(line)}`),
          safeText(proposalSentence(event)),
        ];
      case "fight":
        return nextLines(fightInWords(event, this.#now()), style);
      case "suspension":
        return nextLines(suspensionInWords(event, this.#now()), style);
      case "data":
        return [dataLine(event, style)];
      case "undo":
        return undoLines(event, style);
      case "warning":
        return [`${style.yellow("warning:")} ${safeText(event.message)}`];
      case "error":
        return [
          `${style.red("error:")} ${safeText(event.message)}`,
          ...(event.place === undefined || event.place === ""
            ? []
            : [`    at ${safeText(event.place)}`]),
          ...(event.hint === undefined ? [] : [`    ${style.cyan("→")} ${safeText(event.hint)}`]),
        ];
      case "result":
        return this.#resultLines(event);
    }
  }

  #planLines(event: Extract<Event, { type: "plan" }>): string[] {
    const style = this.#style;
    const { caused, drift } = dividePlan(event);
    const settled = event.base?.settled ?? [];
    if (event.changes.length + settled.length === 0) return [];
    const linesOf = (changes: readonly ChangeReport[]) =>
      // While applying, a creation is told when it is done; before it, only its number counts.
      changes.filter(({ action }) => this.#observing || action !== "create")
        .flatMap((change) => diffLines(change, { style, now: this.#now() }));
    return [
      ...linesOf(caused),
      ...(drift.length === 0 ? [] : [style.bold(`${DRIFT_TITLE}:`), ...linesOf(drift)]),
      ...(settled.length === 0
        ? []
        : [`${style.bold(`${SETTLED_TITLE}:`)} ${safeText(settled.map(describe).join(", "))}`]),
      `${style.bold("Plan:")} ${countsInWords(event.counts)}`,
    ];
  }

  #changeLines(event: Extract<Event, { type: "change" }>): string[] {
    const style = this.#style;
    const name = safeText(describe(event.object));
    if (event.result === "done") {
      const taken = event.taken?.map(({ path, from }) =>
        `${safeText(path)} from ${safeText(from)}`
      ) ?? [];
      const note = taken.length === 0 ? "" : style.dim(`  took ${taken.join(", ")}`);
      return [
        `${paint(style, event.action, SYMBOL[event.action])} ${name} ${DONE[event.action]}${note}`,
      ];
    }
    const word = event.result === "skipped" ? "skipped" : "failed";
    return [
      `${style.red("✗")} ${name} ${word}: ${safeText(event.message ?? "")}`,
      ...(event.hint === undefined || event.hint === ""
        ? []
        : [`    ${style.cyan("→")} ${safeText(event.hint)}`]),
    ];
  }

  #healthLines(event: Extract<Event, { type: "health" }>): string[] {
    const style = this.#style;
    const key = keyOf(event.object);
    const name = safeText(describe(event.object));
    const message = safeText(event.message);
    if (event.status === "current") {
      return this.#waiting.delete(key) ? [`${style.green("✓")} ${name} ${style.dim(message)}`] : [];
    }
    if (event.status === "failed") {
      this.#waiting.delete(key);
      const evidence = event.evidence?.map((line) => style.dim(`    ${safeText(line)}`)) ?? [];
      return [`${style.red("✗")} ${name}: ${message}`, ...evidence];
    }
    const known = this.#waiting.has(key);
    this.#waiting.set(key, { reference: event.object, message });
    // Without a terminal, a line when waiting begins is enough.
    return this.#live !== undefined || known ? [] : [`  waiting for ${name}: ${message}`];
  }

  #checkLines(event: Extract<Event, { type: "check" }>): string[] {
    const style = this.#style;
    if (event.status === "running") {
      this.#stage = "verify";
      this.#running.add(event.title);
      return [];
    }
    this.#running.delete(event.title);
    const time = event.seconds === undefined ? "" : style.dim(`  ${secondsInWords(event.seconds)}`);
    const seen = event.evidence?.map(({ name, value }) => `${name}: ${safeText(value)}`) ?? [];
    switch (event.status) {
      case "passed":
        return [
          `${style.green("✓")} ${event.title}${time}`,
          ...seen.map((line) => style.dim(`    ${line}`)),
        ];
      case "not-judged":
        return [`${style.yellow("–")} ${event.title} not judged: ${safeText(event.message ?? "")}`];
      case "failed":
        return [
          `${style.red("✗")} ${event.title}: ${safeText(event.message ?? "")}${time}`,
          ...(event.probably === undefined ? [] : [`    probably: ${safeText(event.probably)}`]),
          ...(event.hint === undefined ? [] : [`    ${style.cyan("→")} ${safeText(event.hint)}`]),
          ...seen.map((line) => style.dim(`    ${line}`)),
        ];
    }
  }

  #resultLines(
    { outcome, message, seconds, counts }: Extract<Event, { type: "result" }>,
  ): string[] {
    const style = this.#style;
    this.#waiting.clear();
    this.#stage = "";
    const good = ["in-sync", "applied", "proposed"].includes(outcome);
    const numbers = style.dim(`(${countsInWords(counts)}, ${secondsInWords(seconds)})`);
    const text = outcome === "suspended" ? safeText(message) : `${safeText(message)} ${numbers}`;
    return [
      `${
        good
          ? style.green("✓")
          : outcome === "differences"
          ? style.yellow("≠")
          : outcome === "suspended"
          ? style.yellow("–")
          : style.red("✗")
      } ${text}`,
    ];
  }

  #draw(): void {
    if (this.#live === undefined || this.#stage === "") return;
    const seconds = this.#started === 0 ? 0 : (this.#now() - this.#started) / 1000;
    const progress = this.#total === 0 ? "" : `  ${this.#done}/${this.#total} objects`;
    const waiting = [...this.#waiting.values()];
    const more = waiting.length - MAX_WAITING;
    this.#live.draw([
      `… ${this.#stage}${this.#wave}${progress}  ${secondsInWords(seconds)}`,
      ...waiting.slice(0, MAX_WAITING).map(({ reference, message }) =>
        `  waiting for ${safeText(describe(reference))}: ${message}`
      ),
      ...(more > 0 ? [`  and ${more} more`] : []),
      ...[...this.#running].map((title) => `  checking ${title}`),
    ], this.#now());
  }
}

function dataLine(
  { state, what, message }: Extract<Event, { type: "data" }>,
  style: Style,
): string {
  const text = `${safeText(what)}: ${safeText(message)}`;
  if (state === "lost") return style.red(`✗ ${text}`);
  return state === "kept" ? `${style.cyan("=")} ${text}` : `${style.green("✓")} ${text}`;
}

function nextLines(
  { sentence, next }: { sentence: string; next?: string },
  style: Style,
): string[] {
  const lines = next === undefined ? [] : [`    ${style.cyan("→")} ${safeText(next)}`];
  return [`${style.yellow("–")} ${safeText(sentence)}`, ...lines];
}

function violationLines(event: Extract<Event, { type: "violation" }>, style: Style): string[] {
  const { policy, level, message, fix, object, file, line, waiver } = event;
  const mark = level === "deny" ? style.red("✗") : style.yellow(level === "warn" ? "!" : "~");
  const name = object === undefined ? "" : `${safeText(describe(object))}: `;
  const place = file === undefined ? "" : style.dim(`  ${safeText(file)}:${line}`);
  return [
    `${mark} ${style.bold(safeText(policy))} ${name}${safeText(message)}${place}`,
    waiver === undefined
      ? `    ${style.cyan("→")} ${safeText(fix)}`
      : style.dim(`    waived: ${safeText(waiver)}`),
  ];
}

function undoLines(event: Extract<Event, { type: "undo" }>, style: Style): string[] {
  const mark = event.state === "done" ? style.green("↩") : style.yellow("↩");
  return [
    `${mark} ${safeText(undoSentence(event))}`,
    ...irreversibleLines(event).map((line) => `    ${safeText(line)}`),
    ...(event.hint === undefined ? [] : [`    ${style.cyan("→")} ${safeText(event.hint)}`]),
  ];
}

function verifiedLine(event: Extract<Event, { type: "verified" }>, style: Style): string {
  const { passed, failed, notJudged, seconds, sequentialSeconds } = event;
  const counts = [
    `${passed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(notJudged > 0 ? [`${notJudged} not judged`] : []),
  ].join(", ");
  const times = `${secondsInWords(seconds)}; one after the other ${
    secondsInWords(sequentialSeconds)
  }`;
  const mark = failed > 0 ? style.red("✗") : notJudged > 0 ? style.yellow("–") : style.green("✓");
  return `${mark} ${counts} ${style.dim(`(${times})`)}`;
}
