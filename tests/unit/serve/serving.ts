/** The server without a socket and without a cluster: what it finds out, and what it can have done, is told by a test. */
import { type AppOptions, createApp, loadPage } from "../../../lib/serve/mod.ts";
import type { Commands } from "../../../lib/serve/commands.ts";
import type { Run, RunPlan } from "../../../lib/serve/contract.ts";
import { createHandlers } from "../../../lib/serve/handlers.ts";
import { type Access, identifyBy } from "../../../lib/serve/identity.ts";
import type { Eyes, Look } from "../../../lib/serve/look.ts";
import type { Logs } from "../../../lib/serve/logs.ts";
import { Observer } from "../../../lib/serve/observer.ts";
import { type AuditEntry, Runs } from "../../../lib/serve/runs.ts";
import { Sessions } from "../../../lib/serve/sessions.ts";

export const TOKEN = "the-token-of-the-printed-address";
const page = await loadPage();

/** A plan with nothing in it. */
export const PLAN: RunPlan = {
  digest: "digest-1",
  summary: "One object changes",
  changes: [],
  waves: 1,
  steps: [],
  data: [],
  warnings: [],
  confirm: "click",
};

/** A component as it is found when nothing is known of it. */
export function lookAt(name: string, rest: Partial<Look> = {}): Look {
  return {
    name,
    declared: {
      namespace: name,
      description: undefined,
      revision: { url: "https://git.example.com/platform.git", revision: "4f1c0de" },
      requirements: [],
      parameters: [],
      checks: [],
      notProposable: undefined,
    },
    view: {
      objects: [],
      counts: { create: 0, update: 0, adopt: 0, delete: 0, replace: 0, conflict: 0, unchanged: 0 },
      waves: 0,
      inventory: undefined,
    },
    isElsewhere: false,
    journal: { component: name, runs: [] },
    lease: undefined,
    schedule: undefined,
    error: undefined,
    ...rest,
  };
}

/** A server for a test. */
export interface Serving extends AsyncDisposable {
  readonly runs: Runs;
  readonly audit: AuditEntry[];
  readonly observer: Observer;
  /** Asks, from an address, on loopback unless said otherwise. */
  request(path: string, init?: RequestInit & { readonly from?: string }): Promise<Response>;
  /** Signs in with the printed token. @returns the headers of an operator. */
  operator(): Promise<Record<string, string>>;
}

export function serving(
  { access = {}, hosts, commands, look = lookAt }: {
    readonly access?: Partial<Access>;
    readonly hosts?: AppOptions["hosts"];
    readonly commands?: Partial<Commands>;
    readonly look?: (name: string) => Look;
  } = {},
): Serving {
  const audit: AuditEntry[] = [];
  const sessions = new Sessions(TOKEN);
  const runs: Runs = new Runs({
    commands: {
      prepare: () => Promise.resolve({ ended: { result: "in-sync", message: "Nothing to do" } }),
      durations: () => Promise.resolve([]),
      ...commands,
    },
    audit: (entry) => audit.push(entry),
    changed: (run: Run) => observer.tell(run),
  });
  const eyes: Eyes = {
    list: () =>
      Promise.resolve({
        source: { url: "https://git.example.com/platform.git", path: "manifests" },
        declared: ["web"],
        deployed: [],
        sourceError: undefined,
        clusterError: undefined,
      }),
    look: (name) => Promise.resolve(look(name)),
  };
  const cluster = { server: "https://cluster.example.com", context: "test" };
  const observer = new Observer({ eyes, runs, cluster });
  const logs = { pods: () => Promise.resolve({ pods: [] }) } as unknown as Logs;
  const app = createApp({
    page,
    version: "1.2.3",
    hosts: hosts ?? { names: [], loopback: true },
    sessions,
    identify: identifyBy({
      loopback: true,
      sessions,
      owner: "ada",
      viewers: [],
      operators: [],
      ...access,
    }),
    handlers: createHandlers({
      observer,
      runs,
      logs,
      texts: () => Promise.resolve(undefined),
      version: "1.2.3",
    }),
    defect: (error) => {
      throw error;
    },
  });
  const request: Serving["request"] = async (path, { from = "127.0.0.1", ...init } = {}) => {
    const remoteAddr: Deno.NetAddr = { transport: "tcp", hostname: from, port: 4000 };
    return await app.request(`http://127.0.0.1:8080${path}`, init, { remoteAddr });
  };
  return {
    runs,
    audit,
    observer,
    request,
    async operator() {
      const answer = await request("/api/session", jsonBody({ token: TOKEN }));
      const cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
      const { csrf } = await (await request("/api/me", { headers: { cookie } })).json();
      return { cookie, "x-plumb-csrf": csrf, "content-type": "application/json" };
    },
    async [Symbol.asyncDispose]() {
      await runs.drain();
      await observer[Symbol.asyncDispose]();
    },
  };
}

/** A POST with JSON. */
export function jsonBody(
  body: unknown,
  headers: Record<string, string> = {},
): RequestInit & { headers: Record<string, string> } {
  return {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  };
}

/** The code of an answer that is not a success. */
export async function codeOf(answer: Response): Promise<string> {
  return (await answer.json()).error.code;
}

/** Messages of Server-Sent Events, until there are enough or the stream ends. */
export async function readEvents<Message>(
  answer: Response,
  enough: (messages: readonly { id: string; data: Message }[]) => boolean = () => false,
): Promise<{ id: string; data: Message }[]> {
  const messages: { id: string; data: Message }[] = [];
  const reader = (answer.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())
    .getReader();
  let rest = "";
  while (!enough(messages)) {
    const { done, value } = await reader.read();
    if (done) break;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const [, id] = /^id: (.*)$/m.exec(part) ?? [];
      const [, data] = /^data: (.*)$/m.exec(part) ?? [];
      if (id !== undefined && data !== undefined) messages.push({ id, data: JSON.parse(data) });
    }
  }
  await reader.cancel();
  return messages;
}
