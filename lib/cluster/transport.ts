/**
 * HTTP to one API server: credentials, retries, limits and deadlines. All requests but watches go through here.
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Credentials } from "./credentials.ts";
import { ClusterError, errorOfAnswer } from "./errors.ts";

/** One request. */
export interface Request {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query, beginning with `/`. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  /** The request in words, for errors: `patch deployments cvat/opa`. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
  /** Called when its turn has come, before each attempt; what it throws ends the request. */
  readonly before?: (() => void) | undefined;
  /** Does not wait for its turn. */
  readonly urgent?: boolean | undefined;
}

/**
 * How many requests may be under way. The API server applies about as many objects a second with 24 as with any
 * higher number, and a connection carries 100 streams at the most.
 */
const MAX_IN_FLIGHT = 24;
/** For one attempt. */
const REQUEST_MILLISECONDS = 60_000;
const CONNECT_MILLISECONDS = 10_000;
/** How long failures that may pass are retried. */
const PATIENCE_MILLISECONDS = 30_000;
/** Clocks that agree so far are the same. */
const TOLERANCE_MILLISECONDS = 5_000;
const MAX_ANSWER_BYTES = 512 * 1024 * 1024;

/** Answers that say nothing about the request: sent again, it may succeed. */
const PASSING_STATUS: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** A connection to one API server. */
export class Transport implements Disposable {
  /** How many requests were sent, retries included. */
  requests = 0;
  readonly server: string;
  readonly #credentials: Credentials;
  readonly #patience: number;
  #client: Deno.HttpClient | undefined;
  #waiting: (() => void)[] = [];
  #inFlight = 0;
  #warm: Promise<void> | undefined;
  #skew = 0;

  constructor(credentials: Credentials, options: { readonly patience?: number } = {}) {
    this.server = credentials.server;
    this.#credentials = credentials;
    this.#patience = options.patience ?? PATIENCE_MILLISECONDS;
  }

  [Symbol.dispose](): void {
    this.#client?.close();
    this.#client = undefined;
  }

  /** Now by the API server's clock, where the one here is seconds off: milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#skew;
  }

  /**
   * Sends a request and reads the whole answer. Failures that may pass are retried with growing pauses.
   *
   * @throws {ClusterError}
   */
  async send(request: Request): Promise<unknown> {
    const text = await this.sendText(request);
    try {
      return text === "" ? undefined : JSON.parse(text);
    } catch (cause) {
      throw new ClusterError("unexpected", `${request.what}: the answer is not JSON`, { cause });
    }
  }

  /** Like {@link send}, for answers that are not JSON. */
  async sendText(request: Request): Promise<string> {
    const giveUp = performance.now() + this.#patience;
    let failure: ClusterError | undefined;
    const attemptNow = () => this.#attempt(request, failure);
    for (let attempt = 0;; attempt++) {
      request.signal?.throwIfAborted();
      const outcome = await (request.urgent ? attemptNow() : this.#limited(attemptNow));
      if ("text" in outcome) return outcome.text;
      const pause = outcome.retryAfter ??
        Math.min(100 * 2 ** attempt, 3_000) * (0.5 + Math.random());
      if (!outcome.retry || performance.now() + pause > giveUp) throw outcome.error;
      failure = outcome.error;
      await delay(pause, undefined, request.signal === undefined ? {} : { signal: request.signal });
    }
  }

  /** @param failure that of the attempt before: it tells more than that the repetition comes too late. */
  async #attempt(request: Request, failure: ClusterError | undefined): Promise<Attempt> {
    await this.#warmUp(request);
    try {
      request.before?.();
    } catch (reason) {
      throw failure ?? reason;
    }
    return await this.#exchange(request);
  }

  /** On a cold client, simultaneous requests would each open a connection: the first one goes alone. */
  async #warmUp(request: Request): Promise<void> {
    if (this.#warm !== undefined) return await this.#warm;
    const first = Promise.withResolvers<void>();
    this.#warm = first.promise;
    try {
      await this.#exchange(
        { method: "GET", path: "/version", what: "connect", signal: request.signal },
        CONNECT_MILLISECONDS,
      );
    } finally {
      first.resolve();
    }
  }

  async #exchange(request: Request, milliseconds = REQUEST_MILLISECONDS): Promise<Attempt> {
    const url = this.server + request.path;
    const deadline = new AbortController();
    const timer = setTimeout(
      () =>
        deadline.abort(
          new DOMException(`no answer within ${milliseconds / 1000} s`, "TimeoutError"),
        ),
      milliseconds,
    );
    const signal = request.signal === undefined
      ? deadline.signal
      : AbortSignal.any([request.signal, deadline.signal]);
    this.requests++;
    try {
      const response = await fetch(url, {
        method: request.method,
        headers: await this.#headers(request),
        client: await this.#connect(),
        signal,
        redirect: "error",
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      });
      this.#compareClocks(response);
      const text = await readText(response, request.what, signal);
      return response.ok ? { text } : this.#refused(request, response, text);
    } catch (error) {
      request.signal?.throwIfAborted();
      if (error instanceof ClusterError) throw error;
      return this.#broken(request, error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** An answer says when it was given, in whole seconds. */
  #compareClocks({ headers }: Response): void {
    const skew = Date.parse(headers.get("date") ?? "") - Date.now();
    this.#skew = Math.abs(skew) > TOLERANCE_MILLISECONDS ? skew : 0;
  }

  #refused(request: Request, response: Response, body: string): Attempt {
    const { status } = response;
    const error = errorOfAnswer(request.what, { status, body, url: this.server });
    if (status === 401) this.#credentials.expire();
    const seconds = Number(response.headers.get("retry-after"));
    return {
      error,
      // Only a 429 or a 503 promises that nothing was done, so a POST that made something is not sent twice.
      retry: PASSING_STATUS.has(status) && !error.isRefusal &&
        (request.method !== "POST" || status === 429 || status === 503),
      ...(seconds > 0 ? { retryAfter: seconds * 1000 } : {}),
    };
  }

  #broken(request: Request, cause: unknown): Attempt {
    const detail = cause instanceof Error ? cause.message : String(cause);
    const hung = cause instanceof DOMException && cause.name === "TimeoutError";
    const neverSent = /connect|refused|dns/i.test(detail);
    return {
      error: new ClusterError(
        hung ? "timeout" : "unreachable",
        hung
          ? `${request.what}: ${detail}`
          : `The API server can't be reached: ${detail.replaceAll(/\s+/g, " ")}`,
        {
          cause,
          place: { url: this.server },
          hint:
            "Check the server's address in the kubeconfig, the network, and that the cluster runs.",
        },
      ),
      retry: request.method !== "POST" || neverSent,
    };
  }

  async #headers({ accept, body, contentType }: Request): Promise<Headers> {
    const headers = new Headers({ accept: accept ?? "application/json", "user-agent": "plumb" });
    if (body !== undefined) headers.set("content-type", contentType ?? "application/json");
    const authorization = await this.#credentials.authorization();
    if (authorization !== undefined) headers.set("authorization", authorization);
    return headers;
  }

  async #connect(): Promise<Deno.HttpClient> {
    this.#client ??= Deno.createHttpClient({
      ...await this.#credentials.tls(),
      http1: true,
      http2: true,
    });
    return this.#client;
  }

  /** A client of its own for streams that stay open: over HTTP/1.1 they don't use up the streams of the other. */
  async streamClient(): Promise<Deno.HttpClient> {
    return Deno.createHttpClient({ ...await this.#credentials.tls(), http1: true, http2: false });
  }

  /** Opens a stream with a client from {@link streamClient}. */
  async open(request: Request, client: Deno.HttpClient): Promise<Response> {
    this.requests++;
    let response: Response;
    try {
      response = await fetch(this.server + request.path, {
        headers: await this.#headers(request),
        client,
        redirect: "error",
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      });
    } catch (error) {
      request.signal?.throwIfAborted();
      const attempt = this.#broken(request, error);
      throw "error" in attempt ? attempt.error : error;
    }
    if (response.ok) return response;
    const body = await readText(response, request.what);
    throw errorOfAnswer(request.what, { status: response.status, body, url: this.server });
  }

  async #limited<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#inFlight >= MAX_IN_FLIGHT) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#inFlight++;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#inFlight--;
      else next();
    }
  }
}

type Attempt =
  | { readonly text: string }
  | { readonly error: ClusterError; readonly retry: boolean; readonly retryAfter?: number };

/** Reads a body. An abort after the headers can get lost in fetch, so it cancels the reader itself. */
async function readText(response: Response, what: string, signal?: AbortSignal): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const cancel = () => void reader.cancel().catch(() => {});
  signal?.addEventListener("abort", cancel, { once: true });
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let bytes = 0;
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      bytes += chunk.value.byteLength;
      if (bytes > MAX_ANSWER_BYTES) {
        cancel();
        throw new ClusterError(
          "too-large",
          `${what}: the answer is over ${MAX_ANSWER_BYTES} bytes`,
        );
      }
      parts.push(decoder.decode(chunk.value, { stream: true }));
    }
    signal?.throwIfAborted();
    return parts.join("") + decoder.decode();
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}
