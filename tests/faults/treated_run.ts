/** Runs the CLI through proxies that treat it badly. */
import type { GitHubDouble } from "../contract/github/server.ts";
import { plumb, startPlumb } from "../plumb.ts";
import { isWrite, type RecordedRequest } from "../recorder.ts";
import { type Fate, type OldLists, startClusterProxy, startFaultProxy } from "./proxy.ts";
import type { Treatment } from "./treatment.ts";

/** The servers that a run speaks to. */
export interface Servers {
  readonly kubeconfig: string;
  readonly github: GitHubDouble | undefined;
  /** What the API server once answered. */
  readonly oldLists: OldLists;
}

/** How a run went. */
export interface TreatedRun {
  /** Its exit code, or the signal that ended it. */
  readonly ended: number | string;
  readonly output: string;
  /** Faults on the way to the API server, and to GitHub, in words. */
  readonly faults: readonly string[];
  readonly faultsAtGitHub: readonly string[];
  /** What it tried to write to the cluster. */
  readonly written: readonly string[];
}

/** What a run finds in its environment to propose with. */
export function tokenFor(
  github: GitHubDouble | undefined,
  url = github?.url,
): Record<string, string> {
  return github === undefined || url === undefined
    ? {}
    : { GITHUB_TOKEN: github.token, GITHUB_API_URL: url };
}

/** Runs a command; in a process of its own, if it is to be killed. */
export async function runTreated(
  args: readonly string[],
  { kubeconfig, github, oldLists }: Servers,
  { fate, atGitHub, killAt, isDelivered }: Treatment,
): Promise<TreatedRun> {
  const written: string[] = [];
  let writes = 0;
  let kill = () => {};
  const deadly = (fate: Fate): Fate => (request) => {
    if (killAt === undefined || !isWrite(request) || ++writes !== killAt) return fate(request);
    kill();
    return isDelivered ? { kind: "lost-answer" } : { kind: "cut" };
  };
  const noted = (fate: Fate): Fate => (request: RecordedRequest) => {
    if (isWrite(request)) written.push(`${request.method} ${request.path}`);
    return fate(request);
  };
  await using api = await startClusterProxy(kubeconfig, noted(deadly(fate)), oldLists);
  await using front = github === undefined ? undefined : await startFaultProxy(
    { server: github.url, client: Deno.createHttpClient({}) },
    deadly(atGitHub),
  );
  const environment = tokenFor(github, front?.url);
  const faults = { faults: api.happened, faultsAtGitHub: front?.happened ?? [], written };
  if (killAt === undefined) {
    const { code, output } = await plumb(args, { kubeconfig: api.kubeconfig, environment });
    return { ended: code, output, ...faults };
  }
  const child = startPlumb(args, { KUBECONFIG: api.kubeconfig, ...environment }, "piped");
  kill = () => child.kill("SIGKILL");
  const { code, signal, stdout, stderr } = await child.output();
  kill = () => {};
  const output = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  return { ended: signal ?? code, output, ...faults };
}
