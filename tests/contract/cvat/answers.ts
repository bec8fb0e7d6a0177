/** How CVAT answers: content types, and four shapes of refusals. */

/** CVAT's own JSON. */
export function json(
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/vnd.cvat+json", ...headers },
  });
}

/** A page of Django. */
export function html(text: string, status: number): Response {
  return new Response(`<!doctype html><title>${text}</title><h1>${text}</h1>`, {
    status,
    headers: { "content-type": "text/html; charset=utf-8" },
  });
}

/** Nothing. */
export function empty(status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status, headers });
}

/** Ends the work on a request with an answer. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(readonly response: Response) {
    super(`refused with ${response.status}`);
  }
}

/** `{"detail": …}`. */
export function refuse(status: number, detail: string, headers = {}): never {
  throw new Refusal(json({ detail }, status, headers));
}

/** What CVAT says when something that it needs is away. */
export function broken(): never {
  throw new Refusal(html("Server Error (500)", 500));
}
