/** The dashboard of a workspace, and a client of its API that holds every exchange against the API's own description. */
import assert from "node:assert/strict";
import { openDashboard } from "../lib/cli/serve.ts";
import { LOCAL, type ServeOptions } from "../lib/cli/serve_options.ts";
import type { ActionRequest, LiveMessage, Run, RunMessage } from "../lib/serve/contract.ts";
import { Description } from "./contract/openapi.ts";
import { assertNoSecrets, QUIET, type Workspace } from "./plumb.ts";

/** A message of a stream, with the id from which it goes on. */
export interface Received<Message> {
  readonly id: string;
  readonly data: Message;
}

/** Somebody who uses the API. */
export interface Client {
  readonly address: string;
  get<Answer>(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<{ readonly status: number; readonly body: unknown }>;
  /** Messages from an id on, until the stream ends or nobody takes them any more. */
  live(after?: string): AsyncGenerator<Received<LiveMessage>>;
  events(run: string, after?: string): AsyncGenerator<Received<RunMessage>>;
  /** Asks for an action and waits until it is planned, or done. */
  plan(component: string, request: Partial<ActionRequest>): Promise<Run>;
  /** Confirms a plan. */
  confirm(run: Run, name?: string): Promise<Run>;
  /** Waits until a run is done. */
  finished(run: string): Promise<Run>;
  readonly cookie: string;
}

/** A server for a test. */
export interface Served extends AsyncDisposable {
  /** Who opens it only looks. */
  readonly address: string;
  /** Lets act who shows it. */
  readonly token: string | undefined;
  /** What it wrote about actions. */
  readonly audit: readonly string[];
}

/** Serves one component of a folder of components on a free port, with a cache of its own. */
export async function serve(
  { folder, name, kubeconfig }: Pick<Workspace, "folder" | "name" | "kubeconfig">,
  options: Partial<ServeOptions> = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const audit: string[] = [];
  const cache = await Deno.makeTempDir({ prefix: "plumb-cache-" });
  const { PATH, HOME } = Deno.env.toObject();
  const dashboard = await openDashboard({
    ...LOCAL,
    component: name,
    path: folder,
    kubeconfig,
    ...options,
  }, {
    ...QUIET,
    cache,
    environment: { PATH, HOME, USER: "ada", ...environment },
    writeError: (text) => audit.push(text),
  });
  return {
    address: dashboard.address,
    token: dashboard.token,
    audit,
    async [Symbol.asyncDispose]() {
      await dashboard[Symbol.asyncDispose]();
      await Deno.remove(cache, { recursive: true });
    },
  };
}

/** A server with somebody who acts, and somebody who looks. */
export interface TestDashboard extends AsyncDisposable {
  readonly operator: Client;
  readonly viewer: Client;
  readonly audit: readonly string[];
}

/** Serves one component to both. */
export async function dashboard(
  space: Pick<Workspace, "folder" | "name" | "kubeconfig">,
  { environment = {}, ...options }: Partial<ServeOptions> & {
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<TestDashboard> {
  const served = await serve(space, options, environment);
  const base = served.address.replace(/\/$/, "");
  const description = new Description(await (await fetch(`${base}/api/openapi.json`)).json());
  const look: Look = (text) => assertNoSecrets(text, { ...environment, TOKEN: served.token });
  return {
    operator: await signIn(base, { description, look }, served.token),
    viewer: await signIn(base, { description, look }, undefined),
    audit: served.audit,
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]();
      look(served.audit.join(""));
    },
  };
}

/** Looks for secrets in what was answered. */
type Look = (text: string) => void;

async function signIn(
  address: string,
  { description, look }: { readonly description: Description; readonly look: Look },
  token: string | undefined,
): Promise<Client> {
  const json = { "content-type": "application/json", origin: address };
  let cookie = "";
  if (token !== undefined) {
    const body = JSON.stringify({ token });
    const answer = await fetch(`${address}/api/session`, { method: "POST", headers: json, body });
    assert.equal(answer.status, 204);
    cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  }
  const exchange = async (method: "GET" | "POST", path: string, sent?: unknown) => {
    const { pathname, searchParams } = new URL(address + path);
    const contentType = "application/json";
    const asked = { method, path: pathname, query: searchParams, contentType, body: sent };
    assert.deepEqual(description.request(asked), []);
    const headers = method === "GET" ? { cookie } : { ...json, cookie, "x-plumb-csrf": csrf };
    const answer = await fetch(address + path, {
      method,
      headers,
      ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
    });
    const text = await answer.text();
    look(text);
    const body: unknown = JSON.parse(text);
    const type = answer.headers.get("content-type") ?? "";
    const answered = { status: answer.status, contentType: type, body };
    assert.deepEqual(description.answer(asked, answered), [], JSON.stringify(body).slice(0, 500));
    return { status: answer.status, body };
  };
  const get = async <Answer>(path: string): Promise<Answer> => {
    const { status, body } = await exchange("GET", path);
    assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`);
    return body as Answer;
  };
  let csrf = "";
  csrf = (await get<{ csrf: string }>("/api/me")).csrf;
  const stream = <Message>(path: string, after = "") =>
    receive<Message>(`${address}${path}`, { cookie, "last-event-id": after }, (data) => {
      look(JSON.stringify(data));
      const asked = {
        method: "GET",
        path,
        query: new URLSearchParams(),
        contentType: "",
        body: undefined,
      };
      const answered = { status: 200, contentType: "text/event-stream", body: data };
      assert.deepEqual(description.answer(asked, answered), []);
    });
  const client: Client = {
    address,
    cookie,
    get,
    post: (path, body) =>
      exchange("POST", path, body ?? (path.endsWith("/cancel") ? undefined : {})),
    live: (after) => stream<LiveMessage>("/api/events", after),
    events: (run, after) => stream<RunMessage>(`/api/runs/${run}/events`, after),
    async plan(component, request) {
      const { status, body } = await client.post(`/api/components/${component}/runs`, request);
      assert.equal(status, 201, JSON.stringify(body));
      const { id } = body as Run;
      for await (const { data } of client.events(id)) {
        if (data.type === "state" && data.run.state !== "planning") return data.run;
      }
      throw new Error("the run has ended without a word");
    },
    async confirm(run, name) {
      const digest = run.plan?.digest ?? "";
      const confirmation = { digest, ...(name === undefined ? {} : { name }) };
      const { status, body } = await client.post(`/api/runs/${run.id}/confirm`, confirmation);
      assert.equal(status, 202, JSON.stringify(body));
      return body as Run;
    },
    async finished(run) {
      for await (const { data } of client.events(run)) {
        if (data.type === "state" && data.run.state === "done") return data.run;
      }
      return await get<Run>(`/api/runs/${run}`);
    },
  };
  return client;
}

async function* receive<Message>(
  url: string,
  headers: Record<string, string>,
  check: (data: unknown) => void,
): AsyncGenerator<Received<Message>> {
  const answer = await fetch(url, { headers });
  if (answer.status === 204) return;
  assert.equal(answer.status, 200);
  const reader = (answer.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())
    .getReader();
  let rest = "";
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      const parts = (rest + chunk.value).split("\n\n");
      rest = parts.pop() ?? "";
      for (const part of parts) {
        const [, id] = /^id: (.*)$/m.exec(part) ?? [];
        const [, text] = /^data: (.*)$/m.exec(part) ?? [];
        if (id === undefined || text === undefined) continue;
        const data = JSON.parse(text);
        check(data);
        yield { id, data };
      }
    }
  } finally {
    await reader.cancel();
  }
}

/** The first message that fits. */
export async function firstOf<Message>(
  messages: AsyncGenerator<Received<Message>>,
  fits: (message: Message) => boolean,
): Promise<Message> {
  for await (const { data } of messages) if (fits(data)) return data;
  throw new Error("the messages have ended without the one that was waited for");
}
