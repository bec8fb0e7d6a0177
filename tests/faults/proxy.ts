/** Stands between a run and a server, the API server or GitHub, and treats its requests badly. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type Credentials, readCredentials } from "../../lib/cluster/credentials.ts";
import { kubeconfigTo, type RecordedRequest } from "../recorder.ts";

/** What can happen to a request. */
export type Fault =
  | { readonly kind: "delay"; readonly milliseconds: number }
  /** The connection breaks before the server gets it. */
  | { readonly kind: "cut" }
  /** The server does it, but the connection breaks before the answer. */
  | { readonly kind: "lost-answer" }
  /** The connection breaks in the middle of the answer; a watch, after its first events. */
  | { readonly kind: "truncate" }
  /** Something in between answers in the place of the server. */
  | { readonly kind: "refuse"; readonly status: 401 | 429 | 500 | 502 | 503 | 504 }
  /** GitHub finds that too much was asked in a short time. */
  | { readonly kind: "rate-limit" }
  /** Nothing comes for a while, then the connection breaks. A watch stays open, and tells nothing any more. */
  | { readonly kind: "freeze"; readonly milliseconds: number }
  /** A list tells what it told the first time that it was asked for. */
  | { readonly kind: "old-list" };

/** A proxy that is at work. */
export interface FaultProxy extends AsyncDisposable {
  readonly url: string;
  /** The faults that happened, in words. */
  readonly happened: readonly string[];
}

/** A proxy before the API server. */
export interface ClusterProxy extends FaultProxy {
  /** Leads through the proxy, with the identity of the kubeconfig that it was made from. */
  readonly kubeconfig: string;
}

/** Where requests go on. */
export interface Target {
  readonly server: string;
  readonly client: Deno.HttpClient;
  /** Stands in for what the client says of who asks; absent where that goes on as it is. */
  readonly authorization?: Credentials["authorization"];
}

/** Which fault meets a request; called in the order of arrival. */
export type Fate = (request: RecordedRequest) => Fault | undefined;

/** Lists of earlier runs, by path: what a cache that lags behind would answer. */
export type OldLists = Map<string, Uint8Array>;

/** Starts a proxy before the API server of a kubeconfig. */
export async function startClusterProxy(
  kubeconfig: string,
  fate: Fate,
  oldLists: OldLists = new Map(),
): Promise<ClusterProxy> {
  const credentials = await readCredentials({ kubeconfig, environment: {} });
  const client = Deno.createHttpClient({ ...await credentials.tls(), http2: false });
  const { server } = credentials;
  const authorization = () => credentials.authorization();
  const proxy = await startFaultProxy({ server, client, authorization }, fate, oldLists);
  const file = await kubeconfigTo(proxy.url);
  return {
    ...proxy,
    kubeconfig: file,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await Deno.remove(file);
    },
  };
}

/** Starts a proxy on a free port of loopback. Its end is that of the target's client, too. */
export async function startFaultProxy(
  target: Target,
  fate: Fate,
  oldLists: OldLists = new Map(),
): Promise<FaultProxy> {
  const happened: string[] = [];
  const closed = new AbortController();
  const server = createServer((request, response) => {
    const exchange = { request, response, target, oldLists, closed: closed.signal };
    const recorded = recordOf(request);
    const fault = fate(recorded);
    if (fault !== undefined) {
      happened.push(`${inWords(fault)} at ${recorded.method} ${recorded.path}`);
    }
    const handled = recorded.query.has("watch")
      ? answerWatch(exchange, fault)
      : answer(exchange, fault);
    handled.catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    happened,
    async [Symbol.asyncDispose]() {
      closed.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      target.client.close();
    },
  };
}

/** One request on its way, with all that it takes to answer it. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: Target;
  readonly oldLists: OldLists;
  readonly closed: AbortSignal;
}

function recordOf({ method = "GET", url = "/" }: IncomingMessage): RecordedRequest {
  const { pathname: path, searchParams: query } = new URL(url, "http://proxy");
  return { method, path, query };
}

/** Answers anything but a watch. */
async function answer(exchange: Exchange, fault: Fault | undefined): Promise<void> {
  const { request, response } = exchange;
  const body = await bytesOf(request);
  if (fault?.kind === "delay" || fault?.kind === "freeze") {
    await delay(fault.milliseconds, undefined, { signal: exchange.closed });
  }
  if (fault?.kind === "refuse") return refuse(response, fault.status);
  if (fault?.kind === "rate-limit") return slowDown(response);
  if (fault?.kind === "cut" || fault?.kind === "freeze") return void request.socket.destroy();
  const answered = await forward(exchange, body);
  const bytes = new Uint8Array(await answered.arrayBuffer());
  if (fault?.kind === "lost-answer") return void request.socket.destroy();
  const told = fault?.kind === "old-list" ? older(exchange, bytes) : remember(exchange, bytes);
  response.writeHead(answered.status, {
    ...headersOf(answered),
    ...(told.length === 0 ? {} : { "content-length": String(told.length) }),
  });
  if (fault?.kind !== "truncate") return void response.end(told);
  response.write(told.subarray(0, Math.floor(told.length / 2)));
  await delay(10);
  request.socket.destroy();
}

/** Passes on a watch, piece by piece, as long as the fault allows. */
async function answerWatch(exchange: Exchange, fault: Fault | undefined): Promise<void> {
  const { request, response, closed } = exchange;
  if (fault?.kind === "cut") return void request.socket.destroy();
  if (fault?.kind === "refuse") return refuse(response, fault.status);
  const answered = await forward(exchange, new Uint8Array());
  response.writeHead(answered.status, headersOf(answered));
  response.flushHeaders();
  const reader = answered.body?.getReader();
  const cancel = () => void reader?.cancel().catch(() => {});
  request.socket.once("close", cancel);
  closed.addEventListener("abort", cancel, { once: true });
  let pieces = 0;
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
    if (fault?.kind === "freeze") continue;
    response.write(next.value);
    if (fault?.kind === "truncate" && ++pieces === 2) return void request.socket.destroy();
  }
  response.end();
}

async function forward(
  { request, target }: Exchange,
  body: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const headers = new Headers();
  for (const name of ["accept", "authorization", "content-type", "user-agent"]) {
    const value = request.headers[name];
    if (typeof value === "string") headers.set(name, value);
  }
  const authorization = await target.authorization?.();
  if (authorization !== undefined) headers.set("authorization", authorization);
  return await fetch(target.server + request.url, {
    method: request.method ?? "GET",
    headers,
    client: target.client,
    ...(body.length === 0 ? {} : { body }),
  });
}

/** What an answer says beside its body, which is passed on without any packing. */
function headersOf({ headers }: Response): Record<string, string> {
  const own = ["connection", "content-encoding", "content-length", "transfer-encoding"];
  return Object.fromEntries([...headers].filter(([name]) => !own.includes(name)));
}

function remember({ request, oldLists }: Exchange, bytes: Uint8Array): Uint8Array {
  const path = request.url ?? "";
  if (isList(bytes) && !oldLists.has(path)) oldLists.set(path, bytes);
  return bytes;
}

function older({ request, oldLists }: Exchange, bytes: Uint8Array): Uint8Array {
  return isList(bytes) ? oldLists.get(request.url ?? "") ?? bytes : bytes;
}

function isList(bytes: Uint8Array): boolean {
  return /"kind":"\w*List"/.test(new TextDecoder().decode(bytes.subarray(0, 200)));
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, {
    "content-type": "text/plain",
    ...(status === 429 ? { "retry-after": "1" } : {}),
  });
  response.end("a proxy on the way says no");
}

function slowDown(response: ServerResponse): void {
  response.writeHead(403, { "content-type": "application/json", "retry-after": "1" });
  const message = "You have exceeded a secondary rate limit. Please wait a few minutes.";
  response.end(JSON.stringify({ message }));
}

async function bytesOf(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const part of request) parts.push(part as Uint8Array);
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

function inWords(fault: Fault): string {
  if (fault.kind === "refuse") return `${fault.status}`;
  return "milliseconds" in fault ? `${fault.kind} of ${fault.milliseconds} ms` : fault.kind;
}
