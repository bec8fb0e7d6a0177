/** `plumb verify`: from options to the checks of a component. @module */
import { basename, resolve as resolvePath } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Account, recordVerification, type Verdict } from "../apply/mod.ts";
import type { Cluster } from "../cluster/mod.ts";
import {
  type Component,
  lineInComponent,
  loadComponent,
  settleComponent,
} from "../component/mod.ts";
import { PlumbError } from "../errors.ts";
import type { Emit } from "../event.ts";
import {
  type Address,
  type CheckResult,
  openReach,
  planChecks,
  type PlannedCheck,
  verify,
} from "../verify/mod.ts";
import type { RunContext, VerifyOptions } from "./command.ts";
import type { Declared } from "./declared.ts";
import { declaredWorkloads } from "./declared_workloads.ts";
import { identityOf, openBoth, parametersOf, pathOf } from "./reconcile.ts";

/**
 * Prepares all checks of a component, as after a deploy.
 *
 * @returns runs them once.
 * @throws {PlumbError} when the component has settings that no check knows.
 */
export function prepareChecks(
  declared: Declared,
  cluster: Cluster,
  options: Pick<VerifyOptions, "resolve" | "certificateAuthority">,
  context: RunContext,
): (emit: Emit) => Promise<Verdict> {
  const { component } = declared;
  const planned = checksIn(component);
  return async (emit) => {
    const started = performance.now();
    await using reach = await reachOf(component, cluster, options, context);
    const workloads = await declaredWorkloads(declared, context);
    const results = await verify(planned, {
      reach,
      emit,
      signal: context.signal,
      failFast: false,
      declared: workloads,
      unjudged: context.unjudged,
    });
    return conclude(results, (performance.now() - started) / 1000, emit);
  };
}

/**
 * Runs the checks as often as the options say.
 *
 * @returns whether all passed each time; of those that are watched, the last time.
 */
export async function runVerify(
  options: VerifyOptions,
  context: RunContext,
): Promise<boolean> {
  const { signal, emit } = context;
  const [source, cluster] = await openBoth(options, context);
  using _ = cluster;
  const { name, namespace } = options;
  const folder = basename(resolvePath(pathOf(options)));
  const declared = loadComponent(await source.files(), { folder, name, namespace });
  const given = { ...options, partial: true };
  const parameters = await parametersOf(declared, given, context, cluster);
  const component = settleComponent(declared, parameters);
  const planned = checksIn(component, options);
  emit({
    type: "run",
    command: "verify",
    component: component.name,
    mode: "observe",
    cluster: cluster.server,
  });
  await using reach = await reachOf(component, cluster, options, context);
  const workloads = await declaredWorkloads({ source, component, parameters }, context);
  let good = true;
  // A few checks say nothing about the whole.
  let recording = options.only.length === 0 && options.skip.length === 0;
  const identity = identityOf(context);
  for (let run = 1;; run++) {
    const account = new Account(emit);
    const started = performance.now();
    const results = await verify(planned, {
      reach,
      emit: account.emit,
      signal,
      failFast: options.failFast,
      declared: workloads,
      unjudged: context.unjudged,
    });
    const verdict = conclude(results, (performance.now() - started) / 1000, account.emit);
    good = verdict === "passed" && (good || options.watch !== undefined);
    if (recording && !signal.aborted) {
      recording = await recordVerification(cluster, component.name, { account, identity, emit });
    }
    if (signal.aborted || (options.watch === undefined && run >= options.repeat)) return good;
    if (!good && options.watch === undefined && options.failFast) return false;
    // An abort ends the pause, and is seen below.
    if (options.watch !== undefined) {
      await delay(options.watch, undefined, { signal }).catch(() => {});
    }
    if (signal.aborted) return good;
  }
}

/** The checks of a component, or what is wrong with them and where. @throws {VerifyError} */
export function checksIn(
  component: Component,
  which: Pick<VerifyOptions, "only" | "skip"> = { only: [], skip: [] },
): PlannedCheck[] {
  return planChecks(
    component.verify,
    which,
    (below) => lineInComponent(component, ["spec", "verify", ...below]),
  );
}

async function reachOf(
  { namespace }: Component,
  cluster: Cluster,
  options: Pick<VerifyOptions, "resolve" | "certificateAuthority">,
  { environment }: RunContext,
) {
  return await openReach({
    cluster,
    namespace,
    inside: environment["KUBERNETES_SERVICE_HOST"] !== undefined,
    resolve: addressesOf(options.resolve),
    authority: await authorityIn(options.certificateAuthority),
  });
}

function conclude(results: readonly CheckResult[], seconds: number, emit: Emit): Verdict {
  const count = (status: CheckResult["status"]) =>
    results.filter((result) => result.status === status).length;
  const sequentialSeconds = results.reduce((sum, result) => sum + (result.seconds ?? 0), 0);
  const [passed, failed, notJudged] = [count("passed"), count("failed"), count("not-judged")];
  emit({ type: "verified", passed, failed, notJudged, seconds, sequentialSeconds });
  if (failed > 0) return "failed";
  return notJudged > 0 ? "not-judged" : "passed";
}

function addressesOf(given: readonly string[]): ReadonlyMap<string, Address> {
  return new Map(given.map((text) => {
    const [, host, hostname, port] = /^([^=]+)=\[?([^\]]+?)\]?:(\d+)$/.exec(text) ?? [];
    if (host === undefined || hostname === undefined) {
      throw new PlumbError("usage", `--resolve can't be ${text}`, {
        hint: "It is HOST=ADDRESS:PORT, such as cvat.example.com=192.0.2.10:443.",
      });
    }
    return [host, { hostname, port: Number(port) }];
  }));
}

async function authorityIn(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new PlumbError("usage", "The certificate authority can't be read", {
      place: { file: path },
      hint: "Give --certificate-authority a PEM file.",
      cause,
    });
  }
}
