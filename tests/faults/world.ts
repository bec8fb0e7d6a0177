/** The world of one fault schedule: a component, somebody else at work beside it, and what must hold of both. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Lease, readInventory } from "../../lib/apply/mod.ts";
import { applySetId } from "../../lib/apply/inventory.ts";
import type { Resource } from "../../lib/cluster/mod.ts";
import type { KubernetesObject } from "../../lib/object.ts";
import { type GitHubDouble, startGitHub } from "../contract/github/server.ts";
import { CLAIMS, CONFIG_MAPS, DEPLOYMENTS, planOf, plumb, type Run, SECRETS } from "../plumb.ts";
import { type GitWorkspace, gitWorkspace } from "../git_workspace.ts";
import { type Desired, manifestsOf } from "./desired.ts";
import type { OldLists } from "./proxy.ts";
import { Pulls } from "./pulls.ts";
import type { Meddling, Schedule, Step } from "./schedule.ts";
import { runTreated, tokenFor, type TreatedRun } from "./treated_run.ts";
import type { Treatment } from "./treatment.ts";

const SOMEBODY = "somebody";
const EDITOR = "kubectl-edit";
const KINDS: readonly Resource[] = [CONFIG_MAPS, DEPLOYMENTS, SECRETS, CLAIMS];
/** A killed run's lease is believed for ten seconds; one that was cut off gives up after thirty. */
const BUSY_ATTEMPTS = 6;

/** Lets a schedule happen, and asserts what must hold at its end. @throws {AssertionError} with all that happened. */
export async function happen(schedule: Schedule): Promise<void> {
  await using github = schedule.drift.length === 0 ? undefined : await startGitHub();
  await using space = await gitWorkspace(github);
  const world = new World(space, github);
  try {
    for (const step of schedule.steps) await world.take(step);
    await world.assertConverges();
    if (schedule.drift.length > 0) await world.assertProposes(schedule.drift);
  } catch (cause) {
    const told = world.story.map((line) => `  ${line}`).join("\n");
    throw new Error(`Seed ${schedule.seed}: ${(cause as Error).message}\n${told}`, { cause });
  }
}

class World {
  /** What happened so far, in words. */
  readonly story: string[] = [];
  readonly #oldLists: OldLists = new Map();
  #desired: Desired | undefined;
  /** The commit that was applied without a failure, and that nothing was done to since. */
  #applied: string | undefined;
  /** What must never change, by its name, as it was first seen. */
  readonly #kept = new Map<string, string>();
  readonly #pulls: Pulls | undefined;

  constructor(readonly space: GitWorkspace, readonly github: GitHubDouble | undefined) {
    this.#pulls = github && new Pulls(github, space.name);
  }

  async take(step: Step): Promise<void> {
    if (step.kind === "meddle") await this.#meddle(step.how);
    else if (step.kind === "propose") await this.#propose(step.treatments);
    else if (step.kind === "colleague") {
      this.story.push(await this.#pulls?.meet(step.deed) ?? "nobody looks");
    } else if (step.kind === "rollback") {
      this.#applied = undefined;
      await this.#treat("rolled back", ["rollback", this.space.name, "--yes"], step.treatment);
    } else await this.#deploy(step.desired, step.treatment);
    await this.#assertKept();
    await this.#pulls?.assertSound(this.#secrets);
  }

  async #deploy(desired: Desired, treatment: Treatment): Promise<void> {
    this.#desired = desired;
    const commit = await this.space.commit({ "app.yaml": manifestsOf(desired) });
    if (!desired.isBad) await this.#pulls?.noteGood(commit);
    const args = [...this.space.arguments("reconcile"), "--yes"];
    const { ended } = await this.#treat(`deployed ${JSON.stringify(desired)}`, args, treatment);
    this.#applied = ended === 0 ? commit : undefined;
  }

  /** Proposes what has drifted, by as many runs at once as there are treatments. */
  async #propose(treatments: readonly Treatment[]): Promise<void> {
    const args = [...this.space.arguments("reconcile"), "--mode", "pr"];
    const runs = await Promise.all(treatments.map((each) => this.#treat("proposed", args, each)));
    assert.deepEqual(runs.flatMap(({ written }) => written), []);
    const sawAll = runs.every(({ faults }) => faults.length === 0);
    if (sawAll && runs.some(({ ended }) => ended === 0)) await this.#assertProposed();
  }

  /** Where all that differs is drift, the branch says what lives. */
  async #assertProposed(): Promise<void> {
    const pulls = this.#pulls;
    if (pulls === undefined || await pulls.main() !== this.#applied) return;
    const expected = await this.#drifted();
    if (expected !== undefined) await pulls.assertProposed(expected);
    else assert.ok(pulls.open.every(({ head }) => !head.startsWith("plumb/drift/")));
  }

  /** What Git would be with the drift in it; undefined where nothing has drifted. */
  async #drifted(): Promise<string | undefined> {
    assert.ok(this.#desired);
    const { maps, ...desired } = this.#desired;
    const live = new Map(
      (await this.#ours(CONFIG_MAPS)).map((map) => [map.metadata.name, valueOf(map)]),
    );
    const kept = Object.keys(maps).flatMap((name) =>
      live.has(name) ? [[name, String(live.get(name))]] : []
    );
    const web = await this.space.get(DEPLOYMENTS, "web");
    const replicas = (web?.["spec"] as { replicas: number }).replicas;
    const text = (of: Desired) => manifestsOf(of).replaceAll("NAMESPACE", this.space.name);
    const expected = text({ ...desired, replicas, maps: Object.fromEntries(kept) });
    return expected === text(this.#desired) ? undefined : expected;
  }

  async #treat(
    what: string,
    command: readonly string[],
    treatment: Treatment,
  ): Promise<TreatedRun> {
    const { github, space: { kubeconfig } } = this;
    const servers = { kubeconfig, github, oldLists: this.#oldLists };
    const run = await runTreated([...command, "--timeout", "30s"], servers, treatment);
    const atGitHub = run.faultsAtGitHub.map((fault) => `GitHub: ${fault}`);
    this.story.push(...run.faults, ...atGitHub, `${what}: ${run.ended}`);
    assert.ok(!this.#secrets.some((secret) => run.output.includes(secret)), "a secret shows");
    return run;
  }

  /** What nobody may read, as far as it is known. */
  get #secrets(): string[] {
    const key = this.#kept.get("SECRET_KEY");
    return [
      ...(key === undefined ? [] : [key, Buffer.from(key, "base64").toString()]),
      ...(this.github === undefined ? [] : [this.github.token]),
    ];
  }

  /** Somebody else changes, deletes or marks what is there. */
  async #meddle(how: Meddling): Promise<void> {
    const { cluster, name: namespace } = this.space;
    const maps = await this.#ours(CONFIG_MAPS);
    const map = maps[0];
    const web = await this.space.get(DEPLOYMENTS, "web");
    this.story.push(`somebody: ${how}`);
    if (how === "add" && map !== undefined) {
      const metadata = { name: `foreign-${crypto.randomUUID().slice(0, 8)}`, namespace };
      await cluster.create(CONFIG_MAPS, { apiVersion: "v1", kind: "ConfigMap", metadata });
    }
    if (how === "scale" && web !== undefined) {
      const target = { namespace, name: "web" };
      await cluster.patch(DEPLOYMENTS, target, { spec: { replicas: 7 } }, "merge", EDITOR);
    }
    if (map === undefined) return;
    const target = { namespace, name: map.metadata.name };
    if (how === "edit") {
      await cluster.patch(CONFIG_MAPS, target, { data: { key: "edited" } }, "merge", EDITOR);
    }
    if (how === "delete") await cluster.delete(CONFIG_MAPS, target);
    if (how === "label") {
      const labels = { "example.com/team": SOMEBODY };
      await cluster.patch(CONFIG_MAPS, target, { metadata: { labels } }, "merge", SOMEBODY);
      this.#kept.set(`label of ${map.metadata.name} ${map.metadata.uid}`, SOMEBODY);
    }
  }

  /** Objects of a kind that carry the component's label. */
  async #ours(resource: Resource): Promise<KubernetesObject[]> {
    const labelSelector = `applyset.kubernetes.io/part-of=${applySetId(this.space.name)}`;
    return await this.space.cluster.list(resource, { namespace: this.space.name, labelSelector });
  }

  /** Keys and volumes, once there, stay what they are; what others wrote stays on objects that stay. */
  async #assertKept(): Promise<void> {
    const seen = new Map<string, string>();
    const secret = (await this.space.get(SECRETS, "keys"))?.["data"] as Record<string, string>;
    if (secret?.["SECRET_KEY"] !== undefined) seen.set("SECRET_KEY", secret["SECRET_KEY"]);
    const claim = await this.space.get(CLAIMS, "data");
    const volume = (claim?.["spec"] as { volumeName?: string } | undefined)?.volumeName;
    if (volume !== undefined) seen.set("volume", volume);
    for (const { metadata } of await this.#ours(CONFIG_MAPS)) {
      const key = `label of ${metadata.name} ${metadata.uid}`;
      if (this.#kept.has(key)) seen.set(key, metadata.labels?.["example.com/team"] ?? "gone");
    }
    for (const [key, value] of seen) {
      const before = this.#kept.get(key);
      if (before === undefined) this.#kept.set(key, value);
      else assert.equal(value, before, `${key} became another one`);
    }
  }

  /** Without faults, one run makes everything as Git says, and the next finds nothing to do. */
  async assertConverges(): Promise<void> {
    await this.#pulls?.tidyUp();
    const foreign = await this.#foreign();
    const last = await this.#runUndisturbed();
    assert.equal(last.code, 0, last.output.slice(-1500));
    assert.ok(this.#desired);
    const expected = this.#desired;
    const maps = await this.#ours(CONFIG_MAPS);
    assert.deepEqual(
      Object.fromEntries(maps.map((map) => [map.metadata.name, valueOf(map)])),
      expected.maps,
    );
    const names = (await this.#ours(DEPLOYMENTS)).map(({ metadata }) => metadata.name);
    assert.deepEqual(names, expected.worker ? ["web", "worker"] : ["web"]);
    const web = await this.space.get(DEPLOYMENTS, "web");
    assert.equal((web?.["spec"] as { replicas: number }).replicas, expected.replicas);
    await this.#assertKept();
    assert.ok(this.#kept.has("SECRET_KEY") && this.#kept.has("volume"));
    await this.#assertRecords();
    assert.deepEqual(await this.#foreign(), foreign, "a foreign object was touched");
    assert.deepEqual(planOf(await this.#diff()), []);
  }

  /** Without faults, what is open is what differs: nothing, then some drift, then nothing again. */
  async assertProposes(drift: readonly Step[]): Promise<void> {
    const pulls = this.#pulls;
    assert.ok(pulls);
    this.#applied = await pulls.main();
    await this.#proposeUndisturbed();
    await pulls.assertOpen(undefined);
    for (const step of drift) await this.take(step);
    await this.#proposeUndisturbed();
    await pulls.assertOpen(await this.#drifted());
    assert.equal((await this.#runUndisturbed()).code, 0);
    await this.#proposeUndisturbed();
    await pulls.assertOpen(undefined);
  }

  async #proposeUndisturbed(): Promise<void> {
    const run = await this.space.run(["--mode", "pr"], { environment: tokenFor(this.github) });
    assert.equal(run.code, 0, run.output.slice(-1500));
    this.story.push("proposed, undisturbed");
    await this.#pulls?.assertSound(this.#secrets);
  }

  #diff(): Promise<Run> {
    return plumb(this.space.arguments("diff"), this.space);
  }

  async #runUndisturbed(): Promise<Run> {
    for (let attempt = 1;; attempt++) {
      // A run that was treated too badly may have given up a good revision: that is tried again only when asked for.
      const run = await this.space.run(["--yes", "--retry"], {
        environment: tokenFor(this.github),
      });
      if (run.code !== 5 || attempt === BUSY_ATTEMPTS) return run;
    }
  }

  /** The inventory lists what is there, nothing else carries our label, and nobody holds the lease. */
  async #assertRecords(): Promise<void> {
    const { cluster, name } = this.space;
    const { inventory } = await readInventory(cluster, name, name);
    assert.equal(inventory.state, "complete");
    // Each Job goes by itself, sooner or later.
    const listed = inventory.members.filter(({ expires }) => !expires)
      .map(({ reference }) => `${reference.kind}/${reference.name}`);
    const live = await Promise.all(KINDS.map((resource) => this.#ours(resource)));
    const found = live.flat().map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    assert.deepEqual([...found, `Namespace/${name}`].sort(), listed.sort());
    // A killed run may have left its name on the lease, but that must not keep anybody from taking it.
    const lease = await Lease.acquire(cluster, name, { identity: "after-all" });
    assert.ok(lease instanceof Lease, JSON.stringify(lease));
    await lease[Symbol.asyncDispose]();
  }

  /** What somebody put into the namespace, as it is. */
  async #foreign(): Promise<unknown> {
    const all = await this.space.cluster.list(CONFIG_MAPS, { namespace: this.space.name });
    return all.filter(({ metadata }) => metadata.name.startsWith("foreign-"))
      .map(({ metadata }) => [metadata.name, metadata.uid, metadata.resourceVersion]);
  }
}

function valueOf(map: KubernetesObject): unknown {
  return (map["data"] as Record<string, unknown> | undefined)?.["key"];
}
