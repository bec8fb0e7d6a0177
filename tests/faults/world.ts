/** The world of one fault schedule: a component, somebody else at work beside it, and what must hold of both. */
import assert from "node:assert/strict";
import { Lease, readInventory } from "../../lib/apply/mod.ts";
import { applySetId } from "../../lib/apply/inventory.ts";
import type { Resource } from "../../lib/cluster/mod.ts";
import type { KubernetesObject } from "../../lib/object.ts";
import { CLAIMS, CONFIG_MAPS, DEPLOYMENTS, planOf, plumb, type Run, SECRETS } from "../plumb.ts";
import { type GitWorkspace, gitWorkspace } from "../git_workspace.ts";
import { isWrite } from "../recorder.ts";
import { type Desired, manifestsOf } from "./desired.ts";
import { type OldLists, startFaultProxy } from "./proxy.ts";
import type { Meddling, Schedule, Step, Treatment } from "./schedule.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const SOMEBODY = "somebody";
const KINDS: readonly Resource[] = [CONFIG_MAPS, DEPLOYMENTS, SECRETS, CLAIMS];
/** A killed run's lease is believed for ten seconds; one that was cut off gives up after thirty. */
const BUSY_ATTEMPTS = 6;

/** Lets a schedule happen, and asserts what must hold at its end. @throws {AssertionError} with all that happened. */
export async function happen(schedule: Schedule): Promise<void> {
  const world = await World.create();
  await using _ = world.space;
  try {
    for (const step of schedule.steps) await world.take(step);
    await world.assertConverges();
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
  /** What must never change, by its name, as it was first seen. */
  readonly #kept = new Map<string, string>();

  private constructor(readonly space: GitWorkspace) {}

  static async create(): Promise<World> {
    return new World(await gitWorkspace());
  }

  async take(step: Step): Promise<void> {
    if (step.kind === "meddle") await this.#meddle(step.how);
    else if (step.kind === "rollback") {
      await this.#treat("rolled back", ["rollback", this.space.name, "--yes"], step.treatment);
    } else await this.#deploy(step.desired, step.treatment);
    await this.#assertKept();
  }

  async #deploy(desired: Desired, treatment: Treatment): Promise<void> {
    this.#desired = desired;
    await this.space.commit({ "app.yaml": manifestsOf(desired) });
    await this.#treat(`deployed ${JSON.stringify(desired)}`, [
      ...this.space.arguments("reconcile"),
      "--yes",
    ], treatment);
  }

  /** Runs a command through a proxy that treats it badly; in a process of its own, if it is to be killed. */
  async #treat(what: string, command: readonly string[], treatment: Treatment): Promise<void> {
    const args = [...command, "--timeout", "30s"];
    let writes = 0;
    let kill = () => {};
    await using proxy = await startFaultProxy(this.space.kubeconfig, (request) => {
      if (treatment.killAt !== undefined && isWrite(request) && ++writes === treatment.killAt) {
        kill();
        return treatment.isDelivered ? { kind: "lost-answer" } : { kind: "cut" };
      }
      return treatment.fate(request);
    }, this.#oldLists);
    let ended: number | string;
    if (treatment.killAt === undefined) {
      ended = (await plumb(args, { kubeconfig: proxy.kubeconfig })).code;
    } else {
      const child = spawn(args, proxy.kubeconfig);
      kill = () => child.kill("SIGKILL");
      const { code, signal } = await child.status;
      kill = () => {};
      ended = signal ?? code;
    }
    this.story.push(...proxy.happened, `${what}: ${ended}`);
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
      await cluster.patch(DEPLOYMENTS, target, { spec: { replicas: 7 } }, "merge");
    }
    if (map === undefined) return;
    const target = { namespace, name: map.metadata.name };
    if (how === "edit") {
      await cluster.patch(CONFIG_MAPS, target, { data: { key: "edited" } }, "merge");
    }
    if (how === "delete") await cluster.delete(CONFIG_MAPS, target);
    if (how === "label") {
      const labels = { "example.com/team": SOMEBODY };
      await cluster.patch(CONFIG_MAPS, target, { metadata: { labels } }, "merge");
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

  #diff(): Promise<Run> {
    return plumb(this.space.arguments("diff"), this.space);
  }

  async #runUndisturbed(): Promise<Run> {
    for (let attempt = 1;; attempt++) {
      // A run that was treated too badly may have given up a good revision: that is tried again only when asked for.
      const run = await this.space.run(["--yes", "--retry"]);
      if (run.code !== 5 || attempt === BUSY_ATTEMPTS) return run;
    }
  }

  /** The inventory lists what is there, nothing else carries our label, and nobody holds the lease. */
  async #assertRecords(): Promise<void> {
    const { cluster, name } = this.space;
    const { inventory } = await readInventory(cluster, name, name);
    assert.equal(inventory.state, "complete");
    const listed = inventory.members.map(({ reference }) => `${reference.kind}/${reference.name}`);
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

/** Runs the CLI in a process of its own. */
function spawn(args: readonly string[], kubeconfig: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", `${ROOT}/main.ts`, ...args],
    env: { KUBECONFIG: kubeconfig },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

function valueOf(map: KubernetesObject): unknown {
  return (map["data"] as Record<string, unknown> | undefined)?.["key"];
}
