/**
 * What a route gets, and what it gives.
 * @module
 */

/** Whose token it is. */
export interface Identity {
  readonly login: string;
  readonly kind: "user" | "app";
}

/** One request, whose shape was found right. */
export interface Ask {
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly who: Identity;
}

/** One answer. */
export interface Answer {
  readonly status: number;
  /** Absent without a body. */
  readonly body?: unknown;
  /** All items of a list, of which the server gives one page. */
  readonly items?: readonly unknown[];
  /** Puts a page of them into a body; absent for a body that is the page. */
  readonly wrap?: (page: readonly unknown[]) => unknown | Promise<unknown>;
}

/** Routes by `METHOD /path`, as the description writes them. */
export type Routes = Readonly<Record<string, (ask: Ask) => Answer | Promise<Answer>>>;

/** One of the errors that come with "Validation Failed". */
export interface Fault {
  readonly resource: string;
  readonly code: string;
  readonly field?: string;
  readonly message?: string;
}

/** GitHub says no. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(readonly status: number, message: string, readonly errors?: readonly Fault[]) {
    super(message);
  }

  /** As it is sent. */
  get body(): Record<string, unknown> {
    return {
      message: this.message,
      ...(this.errors === undefined ? {} : { errors: this.errors }),
      documentation_url: "https://docs.github.com/rest",
      status: String(this.status),
    };
  }
}

/** The refusal of a value. */
export const invalid = (...errors: Fault[]): Refusal =>
  new Refusal(422, "Validation Failed", errors);

/** The refusal that GitHub gives for what isn't there, and for what isn't to be seen. */
export const missing = (): Refusal => new Refusal(404, "Not Found");

const MAX_CHARACTERS = 65_536;

/** Refuses a text that is longer than GitHub takes. */
export function checkLength(resource: string, text: string | null | undefined): void {
  if ([...text ?? ""].length > MAX_CHARACTERS) {
    throw invalid({
      resource,
      field: "body",
      code: "custom",
      message: `body is too long (maximum is ${MAX_CHARACTERS} characters)`,
    });
  }
}
