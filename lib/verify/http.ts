/** HTTP as checks need it: every answer within limits of time and size, no redirect followed unseen. @module */

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The body as text. */
  readonly text: string;
  /** The body read as JSON; undefined where it is none. */
  readonly json: unknown;
  readonly milliseconds: number;
  /** Where the answer came from. */
  readonly url: string;
}

/** What to ask. */
export interface Question {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD";
  readonly headers?: HeadersInit;
  readonly body?: BodyInit;
  /** Milliseconds for the whole exchange. */
  readonly timeout?: number;
}

const TIMEOUT_MILLISECONDS = 20_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** A server could not be asked: it is away, does not answer in time, or breaks off. */
export class HttpError extends Error {
  override readonly name = "HttpError";

  constructor(readonly kind: "timeout" | "unreachable" | "tls" | "too-large", message: string) {
    super(message);
  }
}

/** Asks one server. */
export class Http {
  readonly #base: URL;
  readonly #signal: AbortSignal;
  readonly #client: Deno.HttpClient | undefined;

  constructor(
    base: string,
    { signal, client }: { readonly signal: AbortSignal; readonly client?: Deno.HttpClient },
  ) {
    this.#base = new URL(base);
    this.#signal = signal;
    this.#client = client;
  }

  /** Scheme, host and port. */
  get origin(): string {
    return this.#base.origin;
  }

  /**
   * Asks, and reads the whole answer.
   *
   * @param path path and query below the server's root; of a whole address only these two are taken.
   * @throws {HttpError}
   */
  async ask(path: string, question: Question = {}): Promise<Answer> {
    const address = new URL(path, this.#base);
    const url = new URL(address.pathname + address.search, this.#base);
    const deadline = new AbortController();
    const milliseconds = question.timeout ?? TIMEOUT_MILLISECONDS;
    const timer = setTimeout(() => deadline.abort(), milliseconds);
    const signal = AbortSignal.any([this.#signal, deadline.signal]);
    const started = performance.now();
    try {
      const response = await fetch(url, {
        method: question.method ?? "GET",
        redirect: "manual",
        signal,
        ...(question.headers === undefined ? {} : { headers: question.headers }),
        ...(question.body === undefined ? {} : { body: question.body }),
        ...(this.#client === undefined ? {} : { client: this.#client }),
      });
      const bytes = await readBytes(response, signal);
      return answerOf(response, bytes, {
        url: url.href,
        milliseconds: performance.now() - started,
      });
    } catch (error) {
      this.#signal.throwIfAborted();
      if (deadline.signal.aborted) {
        throw new HttpError(
          "timeout",
          `${url.host} has not answered within ${milliseconds / 1000} s`,
        );
      }
      throw error instanceof HttpError ? error : brokenOff(url, error);
    } finally {
      clearTimeout(timer);
    }
  }
}

function answerOf(
  { status, headers }: Response,
  bytes: Uint8Array<ArrayBuffer>,
  rest: { readonly url: string; readonly milliseconds: number },
): Answer {
  let text: string | undefined;
  return {
    status,
    headers,
    bytes,
    ...rest,
    get text() {
      return text ??= new TextDecoder().decode(bytes);
    },
    get json(): unknown {
      try {
        return JSON.parse(this.text);
      } catch {
        return undefined;
      }
    },
  };
}

function brokenOff(url: URL, error: unknown): HttpError {
  const message = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  const text = `${message} ${cause}`.replaceAll(/\s+/g, " ").trim();
  return /certificate|tls|handshake/i.test(text)
    ? new HttpError("tls", `${url.host} has no certificate that can be trusted: ${text}`)
    : new HttpError("unreachable", `${url.host} can't be reached: ${text}`);
}

/** Reads a body. An abort after the headers can get lost in fetch, so it cancels the reader itself. */
async function readBytes(
  response: Response,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      length += chunk.value.byteLength;
      if (length > MAX_BYTES) {
        cancel();
        throw new HttpError("too-large", `${response.url} sends more than ${MAX_BYTES} bytes`);
      }
      chunks.push(chunk.value);
    }
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener("abort", cancel);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
