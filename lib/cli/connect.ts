/** From options to a connection, and to who uses it. @module */
import { Cluster } from "../cluster/mod.ts";
import type { CommandContext, Given, Option } from "./command.ts";
import { debug, output, runOptions } from "./options.ts";

/** Which cluster, and how to print: all that a command about what a cluster knows needs. */
export const clusterOptions: Readonly<Record<string, Option>> = {
  ...Object.fromEntries(
    Object.entries(runOptions).filter(([name]) => name === "kubeconfig" || name === "context"),
  ),
  output,
  debug,
};

/** Connects to the cluster that was named. Nothing is sent yet. */
export function connect(
  given: Given,
  { environment, signal }: CommandContext,
): Promise<Cluster> {
  const [kubeconfig, context] = [given.text("kubeconfig"), given.text("context")];
  return Cluster.connect({
    environment,
    signal,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
}

/**
 * Who runs, and where: `ann@laptop`, or a job of GitHub's by its address.
 *
 * @example
 * ```ts
 * import { whoAndWhere } from "./connect.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(whoAndWhere({ USER: "ann" }, "laptop"), "ann@laptop");
 * ```
 */
export function whoAndWhere(
  environment: CommandContext["environment"],
  hostname: string,
): string {
  const {
    GITHUB_ACTOR: actor,
    GITHUB_SERVER_URL: server,
    GITHUB_REPOSITORY: repository,
    GITHUB_RUN_ID: run,
  } = environment;
  if (actor !== undefined && repository !== undefined && run !== undefined) {
    return `${actor} in ${server ?? "https://github.com"}/${repository}/actions/runs/${run}`;
  }
  const user = environment["USER"] ?? environment["LOGNAME"] ?? environment["USERNAME"];
  return user === undefined ? hostname : `${user}@${hostname}`;
}
