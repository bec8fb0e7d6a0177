/** CVAT's REST API, as far as checks use it. @module */
import { Buffer } from "node:buffer";
import { z } from "zod";
import { type CheckContext, CheckFailure } from "../check.ts";
import type { Answer, Http, Question } from "../http.ts";
import { reached } from "../reached.ts";

/** `application/json` alone is answered 406. */
const ACCEPT = "application/vnd.cvat+json, */*;q=0.1";

const request = z.object({
  status: z.string(),
  message: z.string().nullish(),
  result_url: z.string().nullish(),
});
const started = z.object({ rq_id: z.string().min(1) });

/** What runs in the background, and how it ended. */
export type Request = z.output<typeof request>;

/** How long work may go on, once a worker has begun it. */
const WORK_MILLISECONDS = 120_000;
/** How long it may wait for a worker: seconds. */
const PATIENCE = 30;
const POLL_MILLISECONDS = 200;

/** One account's view of CVAT. */
export class CvatApi {
  readonly #http: Http;
  readonly #authorization: string | undefined;
  readonly #signal: AbortSignal;
  readonly #patience: number;

  constructor(
    http: Http,
    { signal, username, password, patience = PATIENCE }: {
      readonly signal: AbortSignal;
      readonly username?: string;
      readonly password?: string;
      /** Seconds that work in the background may wait for a worker. */
      readonly patience?: number;
    },
  ) {
    this.#http = http;
    this.#signal = signal;
    this.#patience = patience;
    this.#authorization = username === undefined
      ? undefined
      : `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  }

  get origin(): string {
    return this.#http.origin;
  }

  /** Asks; an answer of any status is an answer. */
  async ask(path: string, question: Question = {}): Promise<Answer> {
    const headers = new Headers(question.headers);
    if (!headers.has("accept")) headers.set("accept", ACCEPT);
    if (this.#authorization !== undefined) headers.set("authorization", this.#authorization);
    return await reached(() => this.#http.ask(path, { ...question, headers }), {
      away: "The ingress or the server is away.",
      timeout: "The server is overloaded, or waits for something that is away.",
      hint: `Ask yourself: curl -i ${this.#http.origin}/api/server/about`,
    });
  }

  /** Asks for what must succeed, and reads its JSON. */
  async expect<Schema extends z.ZodType>(
    status: number,
    schema: Schema,
    path: string,
    question: Question = {},
  ): Promise<z.output<Schema>> {
    const answer = await this.ask(path, question);
    const what = `${question.method ?? "GET"} ${path.split("?")[0]}`;
    if (answer.status !== status) throw refused(what, status, answer);
    const { success, data } = schema.safeParse(answer.json);
    if (success) return data;
    throw new CheckFailure(`${what} answers something else than it should: ${excerpt(answer)}`, {
      probably: "Another release answers than the one that was deployed.",
    });
  }

  /** Sends JSON. */
  json(body: unknown, headers: Readonly<Record<string, string>> = {}): Question {
    return {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    };
  }

  /** Begins something in the background, and waits for its end. */
  async run(
    queue: string,
    path: string,
    question: Question,
  ): Promise<Request> {
    const answer = await this.ask(path, question);
    // A second request for what is under way is answered with the first one's identity.
    if (answer.status !== 202 && answer.status !== 409) {
      throw refused(`${question.method ?? "GET"} ${path.split("?")[0]}`, 202, answer);
    }
    const { success, data } = started.safeParse(answer.json);
    if (!success) {
      throw new CheckFailure(`${path.split("?")[0]} names no request: ${excerpt(answer)}`);
    }
    return await this.#wait(queue, data.rq_id);
  }

  async #wait(queue: string, id: string): Promise<Request> {
    const begun = Date.now();
    for (;;) {
      const answer = await this.ask(`/api/requests/${encodeURIComponent(id)}`);
      if (answer.status === 404) throw lost(queue);
      if (answer.status !== 200) throw refused("GET /api/requests/…", 200, answer);
      const { success, data } = request.safeParse(answer.json);
      if (!success) throw new CheckFailure(`A request answers something else: ${excerpt(answer)}`);
      if (data.status === "finished") return data;
      if (data.status === "failed") throw failed(queue, data.message ?? "");
      const waited = Date.now() - begun;
      if (data.status === "queued" && waited > this.#patience * 1000) {
        throw stuck(queue, this.#patience);
      }
      if (waited > WORK_MILLISECONDS) {
        throw new CheckFailure(
          `The ${queue} worker has not ended within ${WORK_MILLISECONDS / 1000} s`,
          {
            probably: "It is overloaded, or hangs.",
            hint: `kubectl logs deployment/cvat-worker-${queue}`,
          },
        );
      }
      await pause(POLL_MILLISECONDS, this.#signal);
    }
  }
}

/** Waits, unless the signal ends it. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** The beginning of an answer, on one line. */
export function excerpt({ text }: Answer): string {
  return text.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ").trim().slice(0, 160);
}

/** Whether the answer is CVAT's own, and not that of a proxy before it. */
function isOwn({ headers }: Answer): boolean {
  return headers.has("x-request-id");
}

/** What it means that an answer has another status than it should. */
export function refused(what: string, wanted: number, answer: Answer): CheckFailure {
  const { status } = answer;
  const message = `${what} answers ${status}, not ${wanted}: ${excerpt(answer)}`;
  if (status === 401) {
    return new CheckFailure(message, {
      probably: "The password in the Secret is not that of the account.",
      hint: "Set it: python manage.py changepassword in a backend pod.",
    });
  }
  if (status === 403) {
    return new CheckFailure(message, {
      probably: "The rules do not let this account do it: its group, or stale rules in OPA.",
      hint: "Look at the account's groups in /api/users/self, and restart OPA.",
    });
  }
  if (status === 413) {
    return new CheckFailure(message, {
      probably: isOwn(answer)
        ? "The file is larger than CVAT takes."
        : "A proxy on the way has a lower limit on bodies: proxy-body-size of the ingress.",
      hint: "kubectl get ingress -o yaml | grep body-size, and reconcile.",
    });
  }
  if (status === 429) {
    return new CheckFailure(message, {
      probably: "Frames are not made in time: the chunks worker is away or too slow.",
      hint: "kubectl get pods; kubectl logs deployment/cvat-worker-chunks",
    });
  }
  if (status >= 500) {
    return new CheckFailure(message, {
      probably: isOwn(answer)
        ? "One of its services is away: the check of the backend's health says which; OPA without rules also does this."
        : "The ingress finds no server behind it, or that one broke off.",
      hint: "kubectl logs deployment/cvat-backend",
    });
  }
  return new CheckFailure(message);
}

function lost(queue: string): CheckFailure {
  return new CheckFailure("The request has vanished (404)", {
    probably: "Valkey lost it: it evicts, was flushed, or restarted without persistence.",
    hint: `The check of Valkey says more; the queue is ${queue}.`,
  });
}

function stuck(queue: string, seconds: number): CheckFailure {
  return new CheckFailure(`The request is still queued after ${seconds} s`, {
    probably: `No worker serves the queue ${queue}.`,
    hint: `kubectl get pods; kubectl logs deployment/cvat-worker-${queue}`,
  });
}

/** What the worker says is passed on: the last line of its exception. */
function failed(queue: string, message: string): CheckFailure {
  const last = message.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
  const probably = /redis|valkey/i.test(last)
    ? "The media cache is away."
    : /FileNotFound/.test(last)
    ? "Server and worker do not share the data volume."
    : /No space|disk/i.test(last)
    ? "The data volume is full."
    : /AbandonedJob|waitpid|signal 9/i.test(last)
    ? "The worker was killed, for memory most likely."
    : /clickhouse/i.test(last)
    ? "ClickHouse is away, or refuses the worker's login."
    : undefined;
  return new CheckFailure(`The ${queue} worker failed: ${last}`, {
    ...(probably === undefined ? {} : { probably }),
    hint: `kubectl logs deployment/cvat-worker-${queue}`,
  });
}

/** An account's view of CVAT at a public address. Each request carries the credentials, as those of cvat-cli do. */
export function cvatApi(
  { publicHttp, signal }: Pick<CheckContext, "publicHttp" | "signal">,
  { url, ...account }: {
    readonly url: string;
    readonly username?: string;
    readonly password?: string;
    readonly patience?: number;
  },
): CvatApi {
  return new CvatApi(publicHttp(url), { signal, ...account });
}
