/** The lines of one container: as many as there are, of which only those in sight are drawn. @module */
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { counted } from "../../../report/words.ts";
import { html } from "../html.ts";
import { logFile, type LogPlace } from "../net/api.ts";
import { LogStream } from "../net/log_stream.ts";
import type { Connection } from "../net/retry.ts";
import { LogBuffer } from "../state/log_buffer.ts";
import { markedParts, plainText } from "../state/log_text.ts";
import { ConnectionNote } from "./connection.ts";

const LINE_PIXELS = 20;
/** Lines that are drawn above and below those in sight. */
const SPARE_LINES = 10;
const TYPING_MILLISECONDS = 150;

type Reach = Connection | { readonly state: "ended" };

/** A log with follow, search, pause and download. */
export function LogView({ place }: { readonly place: LogPlace }): VNode {
  const buffer = useRef(new LogBuffer()).current;
  const stream = useRef<LogStream>();
  const [reach, setReach] = useState<Reach>({ state: "connecting" });
  const [notes, setNotes] = useState<readonly string[]>([]);
  const [following, follow] = useState(true);
  const [paused, pause] = useState(false);
  const [times, showTimes] = useState(false);
  const [, draw] = useState(0);
  const [turn, again] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    stream.current = new LogStream(place, {
      onLines: (lines) => {
        buffer.append(lines);
        draw(buffer.end);
      },
      onNote: (note) => setNotes((before) => [...before.slice(-4), note]),
      onConnection: setReach,
      signal: stop.signal,
    });
    return () => stop.abort();
  }, [place.pod, place.container, place.previous, turn]);
  const search = (query: string) => {
    buffer.search(query);
    draw(-Math.random());
  };
  const togglePause = () => {
    if (stream.current !== undefined) stream.current.paused = !paused;
    pause(!paused);
  };
  const readAgain = () => {
    buffer.clear();
    setNotes([]);
    again(turn + 1);
  };
  return html`<div class="log">
    <div class="bar tools">
      <${SearchField} onSearch=${search} />
      <button type="button" aria-pressed=${following} onClick=${() =>
    follow(!following)}>Follow</button>
      <button type="button" aria-pressed=${paused} onClick=${togglePause}>Pause</button>
      <button type="button" aria-pressed=${times} onClick=${() => showTimes(!times)}>Times</button>
      <a class="button" href=${
    logFile(place)
  } download=${`${place.pod}-${place.container}.log`}>Download</a>
    </div>
    ${reach.state === "ended" ? null : html`<${ConnectionNote} connection=${reach} />`}
    <${Lines} buffer=${buffer} end=${buffer.end} following=${following} times=${times} onFollow=${follow} />
    <p class="quiet"><span role="status">${stateInWords(reach, paused, buffer)}</span>
      ${" "}${countInWords(buffer)}</p>
    ${notes.map((note, index) => html`<p key=${index} class="quiet">${note}</p>`)}
    ${
    reach.state === "ended"
      ? html`<button type="button" onClick=${readAgain}>Read it again</button>`
      : null
  }
  </div>`;
}

function stateInWords(reach: Reach, paused: boolean, buffer: LogBuffer): string {
  if (reach.state === "connecting") return "Opening the log…";
  if (reach.state === "lost") return "Trying to reach the log again…";
  if (reach.state === "ended") return buffer.end === 0 ? "There is no line." : "The log has ended.";
  if (paused) return "Paused; nothing is lost.";
  return buffer.end === 0 ? "Nothing was written yet." : "Live.";
}

function countInWords(buffer: LogBuffer): string {
  const kept = buffer.end - buffer.first;
  const gone = buffer.first === 0
    ? ""
    : `; ${buffer.first.toLocaleString()} older ones are in the download`;
  const found = buffer.query === "" ? "" : `${buffer.shown.toLocaleString()} of `;
  return `${found}${counted(kept, "line")}${gone}.`;
}

function SearchField({ onSearch }: { readonly onSearch: (query: string) => void }): VNode {
  const timer = useRef<ReturnType<typeof setTimeout>>();
  const onInput = (event: Event) => {
    const { value } = event.currentTarget as HTMLInputElement;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onSearch(value), TYPING_MILLISECONDS);
  };
  return html`<input type="search" placeholder="Search" aria-label="Search the log" onInput=${onInput} />`;
}

function Lines({ buffer, end, following, times, onFollow }: {
  readonly buffer: LogBuffer;
  readonly end: number;
  readonly following: boolean;
  readonly times: boolean;
  readonly onFollow: (following: boolean) => void;
}): VNode {
  const place = useRef<HTMLDivElement>(null);
  const first = useRef(buffer.first);
  const [scrolled, scroll] = useState(0);
  const height = place.current?.clientHeight ?? 400;
  // The browser tells of its scrolling a frame late, and a flood is far ahead by then.
  const top = following ? Math.max(0, buffer.shown * LINE_PIXELS - height) : scrolled;
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    if (following) element.scrollTop = element.scrollHeight;
    // What is read stays where it is while older lines go.
    else if (buffer.query === "") element.scrollTop -= (buffer.first - first.current) * LINE_PIXELS;
    first.current = buffer.first;
  }, [end, following, buffer.query]);
  const onScroll = ({ currentTarget }: Event) => {
    const { scrollTop, scrollHeight, clientHeight } = currentTarget as HTMLDivElement;
    scroll(scrollTop);
    const atEnd = scrollHeight - scrollTop - clientHeight < 2 * LINE_PIXELS;
    // Scrolling up means to read; reaching the end means to follow.
    if (following ? scrollTop < scrolled && !atEnd : atEnd) onFollow(!following);
  };
  const from = Math.max(0, Math.floor(top / LINE_PIXELS) - SPARE_LINES);
  const to = Math.min(buffer.shown, Math.ceil((top + height) / LINE_PIXELS) + SPARE_LINES);
  const rows = [];
  for (let index = from; index < to; index++) {
    rows.push(
      html`<${Line} key=${
        buffer.numberAt(index)
      } buffer=${buffer} index=${index} times=${times} />`,
    );
  }
  return html`
    <div class="lines" ref=${place} onScroll=${onScroll} tabindex="0" role="log" aria-live="off"
      aria-label="Lines">
      <div class="space" style=${{ height: `${buffer.shown * LINE_PIXELS}px` }}>
        <div style=${{ transform: `translateY(${from * LINE_PIXELS}px)` }}>${rows}</div>
      </div>
    </div>
  `;
}

function Line({ buffer, index, times }: {
  readonly buffer: LogBuffer;
  readonly index: number;
  readonly times: boolean;
}): VNode {
  const line = buffer.at(buffer.numberAt(index));
  const parts = markedParts(plainText(line?.text ?? ""), buffer.query);
  return html`<div class="line">${
    times ? html`<span class="quiet">${line?.time.slice(11, 23)} </span>` : null
  }${
    parts.map(({ text, found }, at) => found ? html`<mark key=${at}>${text}</mark>` : text)
  }</div>`;
}
