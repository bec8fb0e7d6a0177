/** What the page asks the server, one function for each address. @module */
import type {
  ActionRequest,
  Board,
  ComponentDetail,
  ComponentList,
  Failure,
  History,
  Me,
  ObjectTexts,
  Pods,
  Problem,
  Run,
} from "../../contract.ts";

/** The server has refused, or could not be asked. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly problem: Problem;
  /** Of HTTP; 0 when there was no answer. */
  readonly status: number;

  constructor(problem: Problem, status: number) {
    super(problem.message);
    this.problem = problem;
    this.status = status;
  }
}

/** What every error is for who looks at the page. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return { code: "defect", message: String(error), hint: "Reload the page." };
}

/** Sent with everything that changes something; `GET /api/me` tells it. */
let csrf = "";

async function ask<Answer>(
  path: string,
  init: RequestInit = {},
): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(`api/${path}`, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError({ code: "unreachable", message: "The server does not answer." }, 0);
  }
  if (!response.ok) throw new ApiError(await problemIn(response), response.status);
  return response.status === 204 ? undefined as Answer : await response.json() as Answer;
}

/** A proxy in front may answer in its own words. */
export async function problemIn(response: Response): Promise<Problem> {
  try {
    return (await response.json() as Failure).error;
  } catch {
    return { code: `http-${response.status}`, message: `The answer was ${response.status}.` };
  }
}

const change = (method: "POST" | "DELETE", body: unknown): RequestInit => ({
  method,
  headers: { "content-type": "application/json", "x-plumb-csrf": csrf },
  body: JSON.stringify(body),
});

const ofComponent = (name: string) => `components/${encodeURIComponent(name)}`;
const ofRun = (id: string) => `runs/${encodeURIComponent(id)}`;

/** Everything that is asked for. Each throws {@link ApiError}. */
export const api = {
  async me(): Promise<Me> {
    const me = await ask<Me>("me");
    csrf = me.csrf;
    return me;
  },
  signIn: (token: string): Promise<void> => ask("session", change("POST", { token })),
  components: (signal: AbortSignal): Promise<ComponentList> => ask("components", { signal }),
  component: (name: string, signal: AbortSignal): Promise<ComponentDetail> =>
    ask(ofComponent(name), { signal }),
  object: (name: string, key: string, signal: AbortSignal): Promise<ObjectTexts> =>
    ask(`${ofComponent(name)}/object?${new URLSearchParams({ key })}`, { signal }),
  history: (name: string, signal: AbortSignal): Promise<History> =>
    ask(`${ofComponent(name)}/history`, { signal }),
  checks: (name: string, signal: AbortSignal): Promise<Board> =>
    ask(`${ofComponent(name)}/checks`, { signal }),
  pods: (name: string, signal: AbortSignal): Promise<Pods> =>
    ask(`${ofComponent(name)}/pods`, { signal }),
  askFor: (name: string, request: ActionRequest): Promise<Run> =>
    ask(`${ofComponent(name)}/runs`, change("POST", request)),
  confirm: (id: string, digest: string, name?: string): Promise<Run> =>
    ask(`${ofRun(id)}/confirm`, change("POST", name === undefined ? { digest } : { digest, name })),
  cancel: (id: string): Promise<Run> => ask(`${ofRun(id)}/cancel`, change("POST", {})),
};

/** Which container's log. */
export interface LogPlace {
  readonly component: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly previous: boolean;
}

/** The query that names a log. */
export function logQueryOf({ namespace, pod, container, previous }: LogPlace): URLSearchParams {
  return new URLSearchParams({ namespace, pod, container, previous: String(previous) });
}

/** Where the whole log can be had as a file. */
export function logFile(place: LogPlace): string {
  return `api/${ofComponent(place.component)}/log?${logQueryOf(place)}`;
}
