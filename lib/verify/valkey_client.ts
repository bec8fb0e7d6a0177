/** Valkey as checks ask it: one connection, within limits of time, and what its refusals mean. @module */
import { Redis } from "iovalkey";
import type { z } from "zod";
import { type CheckContext, CheckFailure } from "./check.ts";
import { type credential, valueOf } from "./settings_schema.ts";

/** Where a Valkey is, and how it is entered. */
export interface ValkeyPlace {
  readonly service: string;
  readonly password?: z.output<typeof credential> | undefined;
}

const TIMEOUT_MILLISECONDS = 10_000;

/** One connection to a Valkey. */
export class ValkeyClient implements Disposable {
  readonly #redis: Redis;
  readonly #asksWithoutPassword: boolean;

  private constructor(redis: Redis, asksWithoutPassword: boolean) {
    this.#redis = redis;
    this.#asksWithoutPassword = asksWithoutPassword;
  }

  /**
   * Connects and logs in.
   *
   * @throws {CheckFailure}
   */
  static async open(
    { service, password }: ValkeyPlace,
    context: CheckContext,
  ): Promise<ValkeyClient> {
    const { hostname, port } = await context.connect(service);
    const secret = password === undefined ? undefined : await valueOf(password, context);
    context.signal.throwIfAborted();
    const redis = new Redis({
      host: hostname,
      port,
      ...(secret === undefined ? {} : { password: secret }),
      lazyConnect: true,
      connectTimeout: TIMEOUT_MILLISECONDS,
      commandTimeout: TIMEOUT_MILLISECONDS,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
    });
    context.signal.addEventListener("abort", () => redis.disconnect(), { once: true });
    const client = new ValkeyClient(redis, secret === undefined);
    await client.#connect();
    return client;
  }

  /** The client only says that the connection is closed; why, it tells as an event before. */
  async #connect(): Promise<void> {
    let reason: unknown;
    this.#redis.on("error", (error: unknown) => reason = error);
    try {
      await this.#redis.connect();
    } catch (error) {
      this[Symbol.dispose]();
      throw this.#failureOf(reason ?? error);
    }
  }

  /**
   * Runs commands.
   *
   * @throws {CheckFailure} when Valkey does not do what it is asked.
   */
  async ask<Result>(question: (redis: Redis) => Promise<Result>): Promise<Result> {
    try {
      return await question(this.#redis);
    } catch (error) {
      throw error instanceof CheckFailure ? error : this.#failureOf(error);
    }
  }

  /** A section of `INFO`. */
  async info(section: string): Promise<Map<string, string>> {
    const text = await this.ask((redis) => redis.info(section));
    return new Map(
      text.split(/\r?\n/).flatMap((line) => {
        const colon = line.indexOf(":");
        return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
      }),
    );
  }

  #failureOf(cause: unknown): CheckFailure {
    const message = cause instanceof Error ? cause.message : String(cause);
    if (/NOAUTH|WRONGPASS|invalid password|no password is set/i.test(message)) {
      return new CheckFailure(`Valkey refuses the login: ${message}`, {
        probably: this.#asksWithoutPassword
          ? "It asks for a password, and none is given."
          : "The password in the Secret is not that of the server.",
        hint: "Compare the component's Secret with the one of the server, and reconcile.",
        cause,
      });
    }
    if (/OOM/.test(message)) {
      return new CheckFailure(`Valkey has no memory left: ${message}`, {
        probably: "It holds more than its maxmemory, and evicts nothing.",
        hint: "See what fills it (INFO memory, --bigkeys), or give it more memory.",
        cause,
      });
    }
    if (/MISCONF|READONLY/.test(message)) {
      return new CheckFailure(`Valkey takes no writes: ${message}`, {
        probably: "It can't write to its disk, or a replica answers.",
        hint: "Look at its log and the free space of its volume.",
        cause,
      });
    }
    return new CheckFailure(`Valkey can't be reached: ${message}`, {
      probably: /timed out|ETIMEDOUT/i.test(message)
        ? "It hangs, or a network policy drops the packets."
        : "The server is down, or its Service has no ready pod.",
      hint: "Look at its pods and its log.",
      cause,
      transient: !/timed out|ETIMEDOUT/i.test(message),
    });
  }

  [Symbol.dispose](): void {
    this.#redis.disconnect();
  }
}
