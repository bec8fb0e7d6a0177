/** A line to a server that can be cut, or made slow. */

/** What the line does with a new connection. */
export type LineState = "good" | "slow" | "cut";

/** How long a slow line takes. */
const DELAY_MILLISECONDS = 1_500;

/** A line on a port of its own. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** From now on. Connections that are open end. */
  become(state: LineState): void;
}

/** Opens a line to a port of loopback. */
export function openRelay(target: number): Relay {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  let state: LineState = "good";
  const relay: Relay = {
    port: listener.addr.port,
    become(next) {
      state = next;
      for (const connection of open) close(connection);
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of open) close(connection);
      await accepting;
    },
  };
  const carry = async (near: Deno.Conn) => {
    open.add(near);
    try {
      if (state === "cut") return;
      if (state === "slow") {
        await new Promise((resolve) => setTimeout(resolve, DELAY_MILLISECONDS));
      }
      const far = await Deno.connect({ hostname: "127.0.0.1", port: target });
      open.add(far);
      await Promise.race([near.readable.pipeTo(far.writable), far.readable.pipeTo(near.writable)])
        .finally(() => close(far));
      open.delete(far);
    } catch {
      // One side has hung up.
    } finally {
      close(near);
      open.delete(near);
    }
  };
  const accepting = (async () => {
    for await (const connection of listener) carry(connection);
  })();
  return relay;
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed.
  }
}
