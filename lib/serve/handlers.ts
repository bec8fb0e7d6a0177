/** What each address of the contract does. @module */
import type { Handlers } from "./app.ts";
import type {
  ActionRequest,
  Confirmation,
  LiveMessage,
  LogQuery,
  Me,
  RunMessage,
} from "./contract.ts";
import { boardOf } from "./board.ts";
import { ServeError } from "./errors.ts";
import { eventStream, type StreamMessage } from "./event_stream.ts";
import { historyOf } from "./history.ts";
import { authorize, type Visitor } from "./identity.ts";
import type { Logs } from "./logs.ts";
import type { Observer } from "./observer.ts";
import type { Runs } from "./runs.ts";
import { randomToken } from "./sessions.ts";
import type { ObjectTexts } from "./contract.ts";

/** What handlers work with. */
export interface HandlerOptions {
  readonly observer: Observer;
  readonly runs: Runs;
  readonly logs: Logs;
  /** Both sides of an object; undefined when the component has no such object. */
  readonly texts: (component: string, key: string) => Promise<ObjectTexts | undefined>;
  readonly version: string;
}

/** Open streams. Each holds a connection and a little memory. */
const MAX_STREAMS = 100;

/** Makes the handlers. */
export function createHandlers(options: HandlerOptions): Handlers {
  const { observer, runs, logs, version } = options;
  const epoch = randomToken().slice(0, 8);
  let streams = 0;
  /** Counts a stream until it is closed. */
  const stream = (open: (signal: AbortSignal) => AsyncIterable<StreamMessage>): Response => {
    if (streams >= MAX_STREAMS) {
      throw new ServeError("too-many", "Too many are looking at once", {
        hint: "Close other tabs with the dashboard.",
      });
    }
    streams++;
    const leave = observer.attend();
    const abort = new AbortController();
    return eventStream(open(abort.signal), () => {
      if (abort.signal.aborted) return;
      streams--;
      leave();
      abort.abort();
    });
  };
  return {
    me: ({ visitor }) => Promise.resolve({ json: meOf(visitor, version) }),
    live: ({ query, request }) => {
      const after = lastIn(request, query, epoch);
      return Promise.resolve(stream((signal) => live(options, epoch, after, signal)));
    },
    components: async () => ({ json: await observer.list() }),
    component: async ({ parameters: { name = "" } }) => ({ json: await observer.detail(name) }),
    object: async ({ parameters: { name = "" }, query }) => {
      await observer.look(name);
      const texts = await options.texts(name, (query as { key: string }).key);
      if (texts !== undefined) return { json: texts };
      throw new ServeError("not-found", `${name} has no such object`);
    },
    history: async ({ parameters: { name = "" } }) => ({
      json: { entries: historyOf((await observer.look(name)).journal, runs.list(name)) },
    }),
    board: async ({ parameters: { name = "" } }) => ({
      json: boardOf(await observer.look(name), runs.list(name), (id) => runs.messages(id)),
    }),
    pods: async ({ parameters: { name = "" } }) => ({
      json: await logs.pods(await observer.look(name)),
    }),
    logs: async ({ parameters: { name = "" }, query, request }) =>
      await logs.follow(await observer.look(name), query as LogQuery, request),
    log: async ({ parameters: { name = "" }, query }) =>
      await logs.download(await observer.look(name), query as LogQuery),
    runs: ({ query }) =>
      Promise.resolve({ json: { runs: runs.list((query as { component?: string }).component) } }),
    ask: async ({ parameters: { name = "" }, body, visitor }) => {
      const request = body as ActionRequest;
      const { component } = await observer.detail(name);
      const reason = component.never[request.action];
      if (reason !== undefined) {
        throw new ServeError("not-now", `${name} can't be asked for ${request.action}: ${reason}`);
      }
      return { json: runs.ask(name, request, visitor.name) };
    },
    run: ({ parameters: { id = "" } }) => Promise.resolve({ json: runs.get(id) }),
    runEvents: ({ parameters: { id = "" }, query, request }) => {
      const messages = runs.messages(id);
      const after = Number(lastIn(request, query) ?? 0);
      // A browser comes back after each end, unless it is told that there is nothing more.
      if (runs.get(id).state === "done" && after >= messages.last) {
        return Promise.resolve(new Response(null, { status: 204 }));
      }
      return Promise.resolve(stream((signal) => runStream(options, id, after, signal)));
    },
    confirm: ({ parameters: { id = "" }, body, visitor }) =>
      Promise.resolve({ json: runs.confirm(id, body as Confirmation, visitor.name) }),
    cancel: ({ parameters: { id = "" }, visitor }) =>
      Promise.resolve({ json: runs.cancel(id, visitor.name) }),
  };
}

function meOf(visitor: Visitor, version: string): Me {
  const { name, role, by, groups, csrf } = visitor;
  return { name, role, by, groups: [...groups], csrf, version, ...hintOf(visitor) };
}

/** Why somebody may only look, in the words in which an action would be refused. */
function hintOf(visitor: Visitor): Pick<Me, "hint"> {
  try {
    authorize(visitor, "operator", new Request("http://localhost/"));
    return {};
  } catch (error) {
    return error instanceof ServeError && error.hint !== undefined ? { hint: error.hint } : {};
  }
}

/** From where a stream goes on; undefined at the first time, or after a restart of the server. */
function lastIn(request: Request, query: unknown, epoch?: string): string | undefined {
  const last = request.headers.get("last-event-id") ?? (query as { after?: string }).after;
  const pattern = epoch === undefined ? /^(\d{1,15})$/ : new RegExp(`^${epoch}-(\\d{1,15})$`);
  return pattern.exec(last ?? "")?.[1];
}

async function* live(
  { observer, runs }: HandlerOptions,
  epoch: string,
  last: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<StreamMessage> {
  const { messages } = observer;
  const resumed = last !== undefined && messages.reaches(Number(last));
  let after = resumed ? Number(last) : messages.last;
  const tell = (id: number, data: LiveMessage): StreamMessage => ({ id: `${epoch}-${id}`, data });
  yield tell(after, { type: "hello", resumed, time: new Date().toISOString() });
  if (!resumed) {
    for (const component of observer.rows) yield tell(after, { type: "component", component });
    for (const run of runs.list()) yield tell(after, { type: "run", run });
  }
  for (;;) {
    let gap = false;
    for await (const item of messages.read(after, signal)) {
      after = item.id;
      if ("message" in item) yield tell(item.id, item.message);
      else gap = true;
      if (gap) break;
    }
    if (!gap) return;
    // Too slow: everything anew is shorter than what was missed.
    yield tell(after, { type: "hello", resumed: false, time: new Date().toISOString() });
    for (const component of observer.rows) yield tell(after, { type: "component", component });
  }
}

async function* runStream(
  { runs }: HandlerOptions,
  id: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<StreamMessage> {
  for await (const item of runs.messages(id).read(after, signal)) {
    const message: RunMessage = "message" in item
      ? item.message
      : { type: "gap", id: item.id, time: new Date().toISOString(), messages: item.missed };
    yield { id: String(item.id), data: message };
  }
}
