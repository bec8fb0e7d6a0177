/** Leads the requests for a host to an address, whatever the host's name resolves to. @module */
import { connect, createServer, type Socket } from "node:net";
import type { Address } from "./check.ts";

/** A client for one host, and what it needs. */
export interface Tunnel extends AsyncDisposable {
  readonly client: Deno.HttpClient;
}

/**
 * Opens a client whose every connection leads to an address. Names and certificates are still checked against the
 * host in the request.
 *
 * @param authority PEM of an authority that is trusted besides those of the system.
 */
export async function openTunnel(address: Address, authority?: string): Promise<Tunnel> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    tunnel(socket, address);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const own = server.address();
  const port = typeof own === "object" && own !== null ? own.port : 0;
  const client = Deno.createHttpClient({
    proxy: { url: `http://127.0.0.1:${port}` },
    ...(authority === undefined ? {} : { caCerts: [authority] }),
  });
  return {
    client,
    async [Symbol.asyncDispose]() {
      client.close();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const MAX_HEAD_BYTES = 8 * 1024;

/** Answers `CONNECT` as a proxy does; a request without TLS is handed on as it comes. */
function tunnel(socket: Socket, { hostname, port }: Address): void {
  let head = "";
  const begin = (bytes: Uint8Array) => {
    head += new TextDecoder("latin1").decode(bytes);
    if (head.length > MAX_HEAD_BYTES) return socket.destroy();
    if (!head.includes("\r\n\r\n")) return;
    socket.off("data", begin);
    socket.pause();
    const target = connect(port, hostname, () => {
      if (head.startsWith("CONNECT ")) socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      else target.write(new TextEncoder().encode(head));
      socket.pipe(target);
      target.pipe(socket);
    });
    target.on("error", () => socket.destroy());
    target.on("close", () => socket.destroy());
    socket.on("close", () => target.destroy());
  };
  socket.on("error", () => socket.destroy());
  socket.on("data", begin);
}
