/** How a lost connection comes back by itself. @module */

/** Whether the server is reached, for people. */
export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "open" }
  /** `since` and `next` in milliseconds of this machine's clock. */
  | { readonly state: "lost"; readonly since: number; readonly reason: string };

const FIRST_MILLISECONDS = 500;
const LONGEST_MILLISECONDS = 10_000;

/** Waits before another attempt: longer each time, and not at all once the network is back. */
export async function pauseBefore(attempt: number, signal: AbortSignal): Promise<void> {
  const most = Math.min(LONGEST_MILLISECONDS, FIRST_MILLISECONDS * 2 ** attempt);
  // Many pages must not come back at once.
  const milliseconds = most / 2 + Math.random() * most / 2;
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    addEventListener("online", end, { once: true });
    signal.addEventListener("abort", end, { once: true });
  });
}
