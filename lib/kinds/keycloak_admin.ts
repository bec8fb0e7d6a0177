/** The part of Keycloak's admin API that a client needs. @module */
import { z } from "zod";
import type { Place } from "../errors.ts";
import { KindError } from "./kind.ts";

/** Where Keycloak is, and as whom to ask it. */
export interface KeycloakLogin {
  /** Address without a slash at its end. */
  readonly server: string;
  readonly realm: string;
  /** `username` and `password` of an administrator, or `client-id` and `client-secret` of a service account. */
  readonly credentials: Readonly<Record<string, string>>;
  readonly place: Place;
}

const MILLISECONDS = 20_000;
const MAX_BYTES = 4 * 1024 * 1024;

const token = z.object({ access_token: z.string().min(1) });
const text = z.record(z.string(), z.string());
const mapper = z.looseObject({
  id: z.string(),
  name: z.string(),
  protocolMapper: z.string(),
  config: text.default({}),
});
const client = z.looseObject({
  id: z.string(),
  clientId: z.string(),
  attributes: text.default({}),
  protocolMappers: z.array(mapper).default([]),
});

/** A client as Keycloak tells it. */
export type LiveClient = z.output<typeof client>;

/** Asks Keycloak as an administrator. */
export class KeycloakAdmin {
  readonly #login: KeycloakLogin;
  #token: Promise<string> | undefined;

  constructor(login: KeycloakLogin) {
    this.#login = login;
  }

  /** The client of that name. */
  async find(clientId: string): Promise<LiveClient | undefined> {
    const found = await this.#ask("GET", `/clients?clientId=${encodeURIComponent(clientId)}`);
    return this.#read(z.array(client), found).find((item) => item.clientId === clientId);
  }

  /** Its secret. */
  async secretOf(id: string): Promise<string> {
    const found = await this.#ask("GET", `/clients/${encodeURIComponent(id)}/client-secret`);
    return this.#read(z.object({ value: z.string() }), found).value;
  }

  /** Makes a client. */
  async create(body: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#ask("POST", "/clients", body);
  }

  /** Changes a client; Keycloak keeps what is not in the body. */
  async update(id: string, body: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#ask("PUT", `/clients/${encodeURIComponent(id)}`, body);
  }

  /** Makes or changes a mapper of a client. */
  async putMapper(id: string, body: Readonly<Record<string, unknown>>): Promise<void> {
    const path = `/clients/${encodeURIComponent(id)}/protocol-mappers/models`;
    if (typeof body["id"] !== "string") return void await this.#ask("POST", path, body);
    await this.#ask("PUT", `${path}/${encodeURIComponent(body["id"])}`, body);
  }

  /** Removes a client. */
  async remove(id: string): Promise<void> {
    await this.#ask("DELETE", `/clients/${encodeURIComponent(id)}`);
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const { server, realm } = this.#login;
    const url = `${server}/admin/realms/${encodeURIComponent(realm)}${path}`;
    const response = await this.#fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${await (this.#token ??= this.#logIn())}`,
        "content-type": "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const said = await this.#text(response);
    if (response.ok) return said === "" ? undefined : parse(said);
    throw this.#refused(response.status, `${method} ${path.split("?")[0]}`);
  }

  async #logIn(): Promise<string> {
    const { server, realm, credentials } = this.#login;
    const { username, password } = credentials;
    const [id, secret] = [credentials["client-id"], credentials["client-secret"]];
    const form = id !== undefined && secret !== undefined
      ? { grant_type: "client_credentials", client_id: id, client_secret: secret }
      : {
        grant_type: "password",
        client_id: "admin-cli",
        username: username ?? "",
        password: password ?? "",
      };
    const from = form.grant_type === "password" ? "master" : encodeURIComponent(realm);
    const response = await this.#fetch(`${server}/realms/${from}/protocol/openid-connect/token`, {
      method: "POST",
      body: new URLSearchParams(form),
    });
    const said = await this.#text(response);
    if (response.ok) return this.#read(token, parse(said)).access_token;
    throw this.#error(
      "refused",
      `Keycloak refuses the login (status ${response.status})`,
      response.status === 404
        ? "Is spec.server Keycloak's address, with its path if it has one?"
        : "Correct the Secret that spec.credentials names.",
    );
  }

  #refused(status: number, what: string): KindError {
    const { realm } = this.#login;
    if (status === 404) {
      return this.#error(
        "refused",
        `Keycloak has no realm ${realm}, or these credentials may not see it`,
        "Make the realm, or correct spec.realm.",
      );
    }
    if (status === 401 || status === 403) {
      return this.#error(
        "refused",
        `These credentials may not change clients of the realm ${realm}`,
        "Give them the role manage-clients of that realm.",
      );
    }
    return this.#error(
      "refused",
      `Keycloak answers ${status} to ${what}`,
      "Look at Keycloak's log.",
    );
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, {
        ...init,
        redirect: "error",
        signal: AbortSignal.timeout(MILLISECONDS),
      });
    } catch (cause) {
      throw this.#away(cause);
    }
  }

  #away(cause: unknown): KindError {
    const slow = cause instanceof DOMException && cause.name === "TimeoutError";
    const reason = slow
      ? `no answer within ${MILLISECONDS / 1000} s`
      : cause instanceof Error
      ? cause.message
      : "";
    return this.#error(
      "unreachable",
      `Keycloak can't be reached: ${reason.replaceAll(/\s+/g, " ").slice(0, 300)}`,
      "Check that it runs, its address in spec.server, and its certificate.",
    );
  }

  async #text(response: Response): Promise<string> {
    let said = "";
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) {
        said += decoder.decode(chunk, { stream: true });
        if (said.length > MAX_BYTES) break;
      }
    } catch (cause) {
      throw this.#away(cause);
    }
    if (said.length <= MAX_BYTES) return said;
    throw this.#error(
      "refused",
      "Keycloak answers more than it should",
      "Is spec.server Keycloak's address?",
    );
  }

  #read<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
    const { success, data } = schema.safeParse(value);
    if (success) return data;
    throw this.#error(
      "refused",
      "What answers is not Keycloak's admin API",
      "Is spec.server Keycloak's address?",
    );
  }

  #error(code: "refused" | "unreachable", message: string, hint: string): KindError {
    const { server, place } = this.#login;
    return new KindError(code, message, { place: { ...place, url: server }, hint });
  }
}

function parse(said: string): unknown {
  try {
    return JSON.parse(said);
  } catch {
    return undefined;
  }
}
