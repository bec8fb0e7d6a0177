/** What all views know: who looks, what there is, and whether the server is reached. @module */
import type { ComponentList, LiveMessage, Me, Problem } from "../../contract.ts";
import { applyLive, type Live, NOTHING } from "../state/live.ts";
import { createStore, type Store } from "../state/store.ts";
import { api, ApiError, problemOf } from "./api.ts";
import { follow } from "./follow.ts";
import type { Connection } from "./retry.ts";

/** Known to all views. */
export interface Session {
  readonly me: Me | undefined;
  readonly list: ComponentList | undefined;
  readonly live: Live;
  readonly connection: Connection;
  /** Why nothing is shown to whoever looks. */
  readonly refused: { readonly problem: Problem; readonly status: number } | undefined;
}

export const session: Store<Session> = createStore<Session>({
  me: undefined,
  list: undefined,
  live: NOTHING,
  connection: { state: "connecting" },
  refused: undefined,
});

const set = (part: Partial<Session>) => session.update((before) => ({ ...before, ...part }));

/** Signs in with the token of the printed address, if there is one, and follows the server from then on. */
export async function begin(): Promise<void> {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (token !== undefined) {
    // It must neither stay in the address nor in the history.
    history.replaceState(null, "", "#/");
    await api.me().catch(() => undefined);
    await api.signIn(decodeURIComponent(token)).catch(refuse);
  }
  if (session.get().refused !== undefined) return;
  const position = { id: "" };
  let stop = start(position);
  // A hidden page gives its connection back: a browser has only six of them for one server.
  document.addEventListener("visibilitychange", () => {
    stop.abort();
    if (!document.hidden) stop = start(position);
  });
}

function start(position: { id: string }): AbortController {
  const stop = new AbortController();
  void follow<LiveMessage>("events", {
    position,
    signal: stop.signal,
    onMessages: (messages) => {
      const now = Date.now();
      session.update((before) => ({
        ...before,
        live: messages.reduce((live, message) => applyLive(live, message, now), before.live),
      }));
      const anew = messages.some((message) => message.type === "hello" && !message.resumed);
      if (anew) void describe(stop.signal);
    },
    onConnection: (connection) => set({ connection }),
    onRefused: refuse,
  });
  return stop;
}

/** What the stream does not tell: who looks, and where components come from. */
async function describe(signal: AbortSignal): Promise<void> {
  try {
    const [me, list] = await Promise.all([api.me(), api.components(signal)]);
    const before = session.get().me;
    // Another release of the server has another page.
    if (before !== undefined && before.version !== me.version) location.reload();
    set({ me, list, refused: undefined });
  } catch (error) {
    if (!signal.aborted && error instanceof ApiError && error.status !== 0) refuse(error);
  }
}

function refuse(error: unknown): void {
  set({
    refused: { problem: problemOf(error), status: error instanceof ApiError ? error.status : 0 },
  });
}
