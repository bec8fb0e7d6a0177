/**
 * A stand-in for CVAT, whose images can't be had everywhere: it holds real accounts, tasks, pictures and annotations, asks
 * a real OPA, and every request and answer is held against CVAT's own description of its API.
 */
import { load } from "js-yaml";
import { packTar } from "modern-tar";
import { empty } from "./answers.ts";
import { Api, type Bundle, type Sink } from "./api.ts";
import { Authority } from "./authority.ts";
import { Background } from "./background.ts";
import { type Faults, noFaults } from "./faults.ts";
import type { Account } from "./model.ts";
import { Description } from "../openapi.ts";
import { type Rooms, Tasks } from "./tasks.ts";

/** A running one. */
export interface Cvat extends AsyncDisposable {
  readonly port: number;
  readonly faults: Faults;
  /** Exchanges that don't fit the description. */
  readonly violations: readonly string[];
  /** Names of the tasks that there are. */
  tasks(): readonly string[];
}

/** What it is like. */
export interface CvatOptions {
  /** Where OPA is. */
  readonly opa: string;
  readonly accounts: readonly Omit<Account, "id">[];
  readonly release?: "2.64.0" | "2.23.1";
  /** Takes events, as Vector does. */
  readonly sink?: Sink;
  /** Rules that OPA gets instead. */
  readonly rules?: Readonly<Record<string, string>>;
  readonly port?: number;
  /** Milliseconds since 1970; the right time when absent. */
  readonly clock?: () => number;
}

/** Ways that the description does not have: TUS, downloads, and health, which is plain Django. */
const BESIDE = [
  /^\/api\/tasks\/\d+\/(data|annotations)\/[^/]+$/,
  /^\/api\/tasks\/\d+\/dataset\/download$/,
  /^\/api\/server\/health\/?$/,
];

let description: Promise<Description> | undefined;

async function readDescription(): Promise<Description> {
  const text = await Deno.readTextFile(new URL("openapi.yml", import.meta.url));
  return new Description(load(text));
}

/** Starts one on a port of loopback. */
export async function startCvat(options: CvatOptions): Promise<Cvat> {
  const { opa, accounts, release = "2.64.0", clock = Date.now } = options;
  const known = await (description ??= readDescription());
  const faults = noFaults();
  const background = new Background(faults);
  const people = accounts.map((account, index) => ({ ...account, id: index + 1 }));
  const authority = new Authority(people, opa, faults);
  const rooms: Rooms = { authority, background, faults, release, clock };
  const tasks = new Tasks(rooms);
  const rules = await bundle(options.rules);
  const violations: string[] = [];
  const api = new Api(rooms, tasks, options.sink, rules);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: options.port ?? 0, onListen() {} },
    async (request) => {
      const url = new URL(request.url);
      // Who has gone away gets no answer.
      const body = await request.bytes().catch(() => undefined);
      if (body === undefined) return empty(499);
      if (faults.slow > 0) await new Promise((resolve) => setTimeout(resolve, faults.slow));
      const response = await api.answer({ request, url, body, base: baseOf(request, url, faults) });
      const copy = response.clone();
      const found = await compare(known, request, body, copy);
      violations.push(...found);
      // What a proxy answers does not have it.
      if (![413, 502].includes(response.status)) {
        response.headers.set("x-request-id", crypto.randomUUID());
      }
      return response;
    },
  );
  return {
    port: server.addr.port,
    faults,
    violations,
    tasks: () => [...tasks.all.values()].map(({ name }) => name),
    async [Symbol.asyncDispose]() {
      background[Symbol.dispose]();
      await server.shutdown();
    },
  };
}

function baseOf({ headers }: Request, url: URL, { forgetsHost }: Faults): string {
  if (forgetsHost) return "http://cvat-backend:8080";
  const scheme = headers.get("x-forwarded-proto") ?? "http";
  return `${scheme}://${headers.get("x-forwarded-host") ?? headers.get("host") ?? url.host}`;
}

async function bundle(
  rules?: Readonly<Record<string, string>>,
): Promise<Bundle> {
  const folder = new URL("rules/", import.meta.url);
  const files: Record<string, string> = { ...rules };
  if (rules === undefined) {
    for await (const { name } of Deno.readDir(folder)) {
      files[`rules/${name}`] = await Deno.readTextFile(new URL(name, folder));
    }
  }
  const tar = await packTar(
    Object.entries(files).map(([name, body]) => (
      { header: { name, size: new TextEncoder().encode(body).byteLength }, body }
    )),
  );
  const stream = new Blob([new Uint8Array(tar)]).stream();
  const bytes = await new Response(stream.pipeThrough(new CompressionStream("gzip"))).bytes();
  return { bytes, etag: `"${crypto.randomUUID()}"` };
}

/** What does not fit the description. */
async function compare(
  known: Description,
  request: Request,
  body: Uint8Array<ArrayBuffer>,
  response: Response,
): Promise<readonly string[]> {
  const { pathname: path, searchParams: query } = new URL(request.url);
  const contentType = request.headers.get("content-type") ?? "";
  if (response.status >= 400 && response.status !== 409) {
    await response.body?.cancel();
    return [];
  }
  const asked = {
    method: request.method,
    path,
    query,
    contentType,
    body: await read(body, contentType),
  };
  const bytes = await response.bytes();
  const type = response.headers.get("content-type") ?? "";
  const answered = {
    status: response.status,
    contentType: type,
    body: type.includes("json") ? JSON.parse(new TextDecoder().decode(bytes)) : undefined,
  };
  if (BESIDE.some((pattern) => pattern.test(path))) return [];
  const isUpload = ["upload-start", "upload-multiple", "upload-length"]
    .some((name) => request.headers.has(name));
  const [ofRequest, ofAnswer] = [known.request(asked), known.answer(asked, answered)];
  if (ofRequest === undefined || ofAnswer === undefined) {
    return [`${request.method} ${path} is not described`];
  }
  return isUpload ? [] : [...ofRequest, ...ofAnswer];
}

async function read(body: Uint8Array<ArrayBuffer>, contentType: string): Promise<unknown> {
  if (body.byteLength === 0) return undefined;
  if (contentType.includes("json")) return JSON.parse(new TextDecoder().decode(body));
  if (!contentType.startsWith("multipart/")) return undefined;
  const form = await new Response(body, { headers: { "content-type": contentType } }).formData();
  const fields: Record<string, unknown> = {};
  for (const [name, value] of form) {
    const list = /^(\w+)\[\d+\]$/.exec(name)?.[1];
    const plain = typeof value !== "string"
      ? value.name
      : /^\d+$/.test(value)
      ? Number(value)
      : value;
    if (list === undefined) fields[name] = plain;
    else fields[list] = [...(fields[list] as unknown[] | undefined ?? []), plain];
  }
  return fields;
}
