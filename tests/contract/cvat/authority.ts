/** Who asks, and what he may: credentials as CVAT takes them, and the real OPA's decisions. */
import { Buffer } from "node:buffer";
import { broken, refuse } from "./answers.ts";
import type { Faults } from "./faults.ts";
import type { Account } from "./model.ts";

/** What is asked for, and whose it is. */
export interface Scope {
  readonly rules: "tasks" | "users" | "server" | "events";
  readonly scope: string;
  readonly owner?: Account;
}

/** What a login gives. */
export interface Login {
  readonly key: string;
  readonly session: string;
  readonly guard: string;
}

/** Knows accounts and their tokens, and asks OPA. */
export class Authority {
  readonly #accounts: readonly Account[];
  readonly #faults: Faults;
  /** Where OPA is. */
  readonly #opa: string;
  readonly #tokens = new Map<string, Account>();
  readonly #sessions = new Map<string, Account>();
  #anonymous: number[] = [];

  constructor(accounts: readonly Account[], opa: string, faults: Faults) {
    this.#accounts = accounts;
    this.#opa = opa;
    this.#faults = faults;
  }

  /** A new token for the right password, and a session with its guard against forged requests. */
  login(name: unknown, password: unknown): Login | undefined {
    const account = this.#accounts.find((one) =>
      one.username === name && one.password === password
    );
    if (account === undefined) return undefined;
    const random = () => crypto.randomUUID().replaceAll("-", "");
    const login = { key: `${random()}01234567`, session: random(), guard: random() };
    this.#tokens.set(login.key, account);
    this.#sessions.set(login.session, account);
    return login;
  }

  #inSession({ method, headers }: Request): Account | undefined {
    const cookies = new Map(
      (headers.get("cookie") ?? "").split("; ").map((one) => one.split("=") as [string, string]),
    );
    const account = this.#sessions.get(cookies.get("sessionid") ?? "");
    const isRead = method === "GET" || method === "HEAD";
    if (account === undefined || isRead) return account;
    const guard = headers.get("x-csrftoken");
    if (guard !== null && guard === cookies.get("csrftoken")) return account;
    return refuse(403, "CSRF Failed: CSRF token missing.");
  }

  /** Who asks; undefined for a stranger. */
  accountOf(request: Request): Account | undefined {
    const { headers } = request;
    const [kind = "", value = ""] = (headers.get("authorization") ?? "").split(" ");
    if (kind === "Basic") {
      const [name, ...rest] = Buffer.from(value, "base64").toString().split(":");
      const found = this.#accounts.find(({ username, password }) =>
        username === name && password === rest.join(":")
      );
      return found ?? refuse(401, "Invalid username/password.", { "www-authenticate": "Token" });
    }
    if (kind === "Token" || kind === "Bearer") {
      return this.#tokens.get(value) ??
        refuse(401, "Invalid token.", { "www-authenticate": "Token" });
    }
    const visitor = this.#inSession(request);
    if (visitor !== undefined) return visitor;
    const claimed = headers.get("x-auth-request-user");
    if (!this.#faults.trustsHeaders || claimed === null) return undefined;
    return this.#accounts.find(({ username }) => username === claimed);
  }

  /** Strangers may ask a hundred times a minute. */
  countStranger(): void {
    if (this.#faults.down.has("cache")) broken();
    const now = Date.now();
    this.#anonymous = [...this.#anonymous.filter((time) => now - time < 60_000), now];
    if (this.#anonymous.length > 100) {
      refuse(429, "Request was throttled. Expected available in 3 seconds.", {
        "retry-after": "3",
      });
    }
  }

  /** Who asks, if he may. */
  async demand(request: Request, { rules, scope, owner }: Scope): Promise<Account> {
    const account = this.accountOf(request) ??
      refuse(401, "Authentication credentials were not provided.", { "www-authenticate": "Token" });
    if (this.#faults.down.has("database")) broken();
    const person = owner === undefined ? null : { id: owner.id };
    const resource = owner === undefined && scope !== "create" ? null : {
      id: null,
      owner: person ?? { id: account.id },
      assignee: { id: null },
      organization: { id: null },
      project: null,
    };
    const input = {
      scope,
      auth: {
        user: { id: account.id, privilege: account.group },
        organization: null,
        organization_specified: false,
      },
      resource,
    };
    const answer = await fetch(`${this.#opa}/v1/data/${rules}/allow`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input }),
    }).then((response) => response.json()).catch(() => ({}));
    // Without rules there is no result, on which CVAT stumbles.
    if (typeof answer.result !== "boolean") broken();
    const { permits, refuses } = this.#faults;
    const isRefused = refuses === account.username && rules === "tasks";
    const isAllowed = answer.result || permits === true || permits === scope;
    if (isRefused || !isAllowed) refuse(403, "You do not have permission to perform this action.");
    return account;
  }

  /** What CVAT's health says of OPA. */
  async health(): Promise<string> {
    const response = await fetch(`${this.#opa}/health?bundles`).catch(() => undefined);
    await response?.body?.cancel();
    if (response === undefined) {
      return "unknown error: HTTPConnectionPool(host='opa', port=8181): Max retries exceeded";
    }
    return response.ok
      ? "working"
      : `unknown error: ${response.status} Server Error: Internal Server Error for url: http://opa:8181/health?bundles`;
  }
}
