/** Folders, programs and a server for the tests of lib/tools. */

import { writeScript } from "../../script.ts";
import { join } from "node:path";

/** A folder that is removed at the end of the block. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "plumb-tools-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Writes an executable shell script. */
export async function script(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeScript(path, text);
  return path;
}

/** An environment of these variables only. */
export function environment(
  variables: Readonly<Record<string, string>>,
): (name: string) => string | undefined {
  return (name) => variables[name];
}

/** Checksum of bytes as a release pins it. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<`sha256:${string}`> {
  return `sha256:${new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex()}`;
}

/** A server on loopback that answers every request in the same way. */
export function serve(
  answer: () => Response | Promise<Response>,
): AsyncDisposable & { readonly url: string } {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  return {
    url: `http://127.0.0.1:${server.addr.port}/release`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A URL on loopback where nobody listens. */
export function unreachable(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `http://127.0.0.1:${listener.addr.port}/release`;
}
