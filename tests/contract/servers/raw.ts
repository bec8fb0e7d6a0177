/** HTTP as somebody writes it by hand: no client puts its path or its headers right. */
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";

/** Where it goes. */
export interface RawServer {
  /** On loopback. */
  readonly port: number;
  readonly host: string;
  /** Of the authority that the server's certificate is from; absent for HTTP without TLS. */
  readonly authority?: string;
}

/** What came back. */
export interface RawAnswer {
  readonly status: number;
  /** Status line, headers and body. */
  readonly text: string;
}

/**
 * Sends one request.
 *
 * @param target what stands after the method, as it is.
 * @param headers in this order and spelling, also twice.
 */
export function askRaw(
  { port, host, authority }: RawServer,
  target: string,
  headers: readonly (readonly [name: string, value: string])[] = [],
): Promise<RawAnswer> {
  const lines = [`Host: ${host}`, "Connection: close", ...headers.map((pair) => pair.join(": "))];
  const socket = authority === undefined
    ? connect(port, "127.0.0.1")
    : connectTls({ port, host: "127.0.0.1", servername: host, ca: authority });
  return new Promise((resolve, reject) => {
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => text += chunk);
    socket.on("error", reject);
    socket.on("close", () => resolve({ status: Number(text.slice(9, 12)), text }));
    socket.write(`GET ${target} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`, "latin1");
  });
}
