/** Stands between a run and the API server: sees each request, and can hold or answer it. */
import { dump } from "js-yaml";
import { readCredentials } from "../lib/cluster/credentials.ts";

/** A request as the API server got it. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

/** A recorder that is at work. */
export interface Recorder extends AsyncDisposable {
  /** Leads through the recorder, with the identity of the kubeconfig that it was made from. */
  readonly kubeconfig: string;
  /** In the order of their arrival. */
  readonly requests: RecordedRequest[];
}

/** What a test does with a request before it goes on; an answer replaces that of the API server. */
export type Intercept = (
  request: RecordedRequest,
) => Promise<Response | undefined | void> | Response | undefined | void;

/** Starts a recorder on a free port of loopback. */
export async function startRecorder(
  kubeconfig: string,
  intercept: Intercept = () => {},
): Promise<Recorder> {
  const credentials = await readCredentials({ kubeconfig, environment: {} });
  // Over HTTP/1.1, since watches would use up the streams of one HTTP/2 connection.
  const client = Deno.createHttpClient({ ...await credentials.tls(), http2: false });
  const requests: RecordedRequest[] = [];
  const closed = new AbortController();
  const address = { hostname: "127.0.0.1", port: 0, signal: closed.signal, onListen: () => {} };
  const server = Deno.serve(address, async (request) => {
    const { method } = request;
    const { pathname: path, search, searchParams: query } = new URL(request.url);
    const recorded = { method, path, query };
    requests.push(recorded);
    const body = request.body === null ? null : await request.arrayBuffer();
    const answer = await intercept(recorded);
    if (answer !== undefined) return answer;
    const headers = new Headers(request.headers);
    headers.delete("host");
    const authorization = await credentials.authorization();
    if (authorization !== undefined) headers.set("authorization", authorization);
    return await fetch(credentials.server + path + search, { method, headers, body, client });
  });
  const file = await kubeconfigTo(`http://127.0.0.1:${server.addr.port}`);
  return {
    kubeconfig: file,
    requests,
    async [Symbol.asyncDispose]() {
      closed.abort();
      await server.finished;
      client.close();
      await Deno.remove(file);
    },
  };
}

/** A kubeconfig that leads to a server on loopback, without credentials, in a file of its own. */
export async function kubeconfigTo(server: string): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "recorder",
    clusters: [{ name: "recorder", cluster: { server } }],
    contexts: [{ name: "recorder", context: { cluster: "recorder" } }],
  };
  await Deno.writeTextFile(file, dump(config));
  return file;
}

/**
 * Whether a request can change something that is kept; reviews of permissions and dry runs can't, and Events only tell
 * what was done.
 */
export function isWrite({ method, path, query }: RecordedRequest): boolean {
  if (method === "GET" || query.get("dryRun") === "All") return false;
  return !path.startsWith("/apis/authorization.k8s.io/") && !/\/events(\/|$)/.test(path);
}
