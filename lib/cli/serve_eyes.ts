/** How the dashboard finds out about components. @module */
import { resolve } from "node:path";
import {
  checkRequirements,
  type ComponentView,
  type Inventory,
  Lease,
  listInventories,
  readJournal,
  textsOf,
  viewComponent,
  viewRecorded,
} from "../apply/mod.ts";
import type { Cluster } from "../cluster/mod.ts";
import { type Component, environmentName, settleComponent } from "../component/mod.ts";
import { PlumbError } from "../errors.ts";
import { isMap } from "../field_path.ts";
import { keyOf } from "../object.ts";
import type { DesiredObject } from "../render/mod.ts";
import type { Declared, Eyes, Listing, Look, ObjectTexts } from "../serve/mod.ts";
import { openSource } from "../source/mod.ts";
import { parseDocument } from "../yaml.ts";
import type { ReconcileOptions, RunContext } from "./command.ts";
import { declaredIn, renderingOf } from "./declared.ts";
import { repositoryOf } from "./github.ts";
import { parametersOf, readParameters } from "./reconcile.ts";
import {
  checksOf,
  type Folder,
  type Given,
  readFolder,
  revisionOf,
  rowsOf,
} from "./serve_folder.ts";
import { optionsOf, type ServeOptions } from "./serve_options.ts";
import { scheduleOf } from "./serve_schedule.ts";

/** Answers of requirements are this old at the most. */
const REQUIREMENTS_MILLISECONDS = 30_000;

/** Looks at the source and the cluster, and remembers what takes long. */
export class ServeEyes implements Eyes {
  readonly #options: ServeOptions;
  readonly #context: RunContext;
  readonly #cluster: Cluster;
  #folders: ReadonlyMap<string, Folder> = new Map();
  /** Where the folders were read from, once they were. */
  #address: string | undefined;
  #sourceError: unknown;
  #inventories: ReadonlyMap<string, Inventory> = new Map();
  readonly #views = new Map<string, ComponentView>();
  readonly #rendered = new Map<
    string,
    { readonly key: string; readonly objects: readonly DesiredObject[] }
  >();
  readonly #answers = new Map<
    string,
    { readonly at: number; readonly answers: Declared["requirements"] }
  >();

  constructor(options: ServeOptions, context: RunContext, cluster: Cluster) {
    this.#options = options;
    this.#context = context;
    this.#cluster = cluster;
  }

  async list(): Promise<Listing> {
    const { source: url, ref, path, component } = this.#options;
    const [folders, inventories] = await Promise.allSettled([
      this.#readSource(),
      listInventories(this.#cluster),
    ]);
    if (folders.status === "fulfilled") this.#folders = folders.value;
    this.#sourceError = folders.status === "rejected" ? folders.reason : undefined;
    if (inventories.status === "fulfilled") {
      this.#inventories = new Map(inventories.value.map((item) => [item.component, item]));
    }
    const wanted = (name: string) => component === undefined || name === component;
    return {
      source: { url: url ?? "this machine", path, ...(ref === undefined ? {} : { ref }) },
      declared: [...this.#folders.keys()].filter(wanted),
      deployed: [...this.#inventories.keys()].filter(wanted),
      sourceError: this.#sourceError,
      clusterError: inventories.status === "rejected" ? inventories.reason : undefined,
    };
  }

  async look(name: string): Promise<Look> {
    const cluster = this.#cluster;
    const folder = this.#folders.get(name);
    const [found, journal, lease, schedule] = await Promise.allSettled([
      this.#find(name, folder),
      readJournal(cluster, name),
      Lease.holderOf(cluster, name),
      scheduleOf(cluster, name),
    ]);
    const failed = [found, journal, lease].find(({ status }) => status === "rejected");
    const { declared, view, error } = found.status === "fulfilled" ? found.value : NOTHING;
    if (view !== undefined) this.#views.set(name, view);
    return {
      name,
      declared,
      view,
      isElsewhere: folder === undefined && error === undefined && this.#isElsewhere(view),
      journal: journal.status === "fulfilled" ? journal.value : { component: name, runs: [] },
      lease: lease.status === "fulfilled" ? lease.value : undefined,
      schedule: schedule.status === "fulfilled" ? schedule.value : undefined,
      error: error ?? (failed?.status === "rejected" ? failed.reason : undefined),
    };
  }

  /** Both sides of an object that was seen; undefined when there is none. */
  async texts(name: string, key: string): Promise<ObjectTexts | undefined> {
    const object = this.#views.get(name)?.objects.find(({ reference }) => keyOf(reference) === key);
    if (object === undefined) return undefined;
    return { object: object.reference, ...await textsOf(this.#cluster, object) };
  }

  /** A component's folder as it was last read. */
  folder(name: string): Folder | undefined {
    return this.#folders.get(name);
  }

  /** Its options, as if it had been named to another command. */
  async optionsOf(
    { folder, component }: Folder,
  ): Promise<Omit<ReconcileOptions, "command" | "mode">> {
    const declared = component ?? { name: folder, parameters: new Map() };
    return await optionsOf(this.#options, folder, declared);
  }

  async #readSource(): Promise<ReadonlyMap<string, Folder>> {
    const { source: url, ref, path } = this.#options;
    const { cache, signal } = this.#context;
    const source = await openSource({ path, cache, signal, url, ref });
    this.#address = source.url;
    const files = Object.groupBy(await source.files(), ({ path }) => path.split("/")[0] ?? "");
    const folders = Object.entries(files).flatMap(([folder, below = []]): [string, Folder][] => {
      const own = below.map(({ path, bytes }) => ({ path: path.slice(folder.length + 1), bytes }));
      if (!own.some(({ path }) => /^[^/]+\.(ya?ml|json)$/.test(path))) return [];
      const found = readFolder(folder, source, own);
      return [[found.component?.name ?? folder, found]];
    });
    return new Map(folders);
  }

  /** What Git and the cluster say; where they can't be compared, what the cluster's records say. */
  async #find(name: string, folder: Folder | undefined): Promise<Found> {
    const { view, ...found } = folder === undefined
      ? { ...NOTHING, error: this.#address === undefined ? this.#sourceError : undefined }
      : await this.#lookAtFolder(name, folder)
        .catch((error: unknown): Found => ({ ...NOTHING, error }));
    if (view !== undefined) return { ...found, view };
    const inventory = this.#inventories.get(name);
    if (inventory === undefined) return { ...found, view };
    return { ...found, view: await viewRecorded(this.#cluster, inventory) };
  }

  /** A component that this server reads was deployed from there, or from a folder below its own. */
  #isElsewhere(view: ComponentView | undefined): boolean {
    const { url = "" } = view?.inventory?.source ?? {};
    if (url === "" || this.#address === undefined) return false;
    return this.#options.source === undefined
      ? !resolve(url).startsWith(`${resolve(this.#address)}/`)
      : url !== this.#address;
  }

  async #lookAtFolder(name: string, folder: Folder): Promise<Found> {
    const { component, source } = folder;
    if (component === undefined) return { ...NOTHING, error: folder.error };
    const options = await this.optionsOf(folder);
    const partial = { ...options, partial: true };
    const known = await parametersOf(component, partial, this.#context, this.#cluster);
    const settled = settleComponent(component, known);
    const declared: Declared = {
      namespace: settled.namespace,
      description: component.description,
      revision: revisionOf(source),
      requirements: this.#requirementsOf(settled),
      parameters: rowsOf(component, known, await this.#given(options)),
      ...checksOf(settled),
      notProposable: await this.#notProposable(),
    };
    try {
      return { declared, view: await this.#view(name, folder, options), error: undefined };
    } catch (error) {
      return { declared, view: undefined, error };
    }
  }

  /** Names of the parameters that somebody has given a value. */
  async #given({ set, parameters }: Omit<ReconcileOptions, "command" | "mode">): Promise<Given> {
    const file = parameters === undefined ? {} : parseDocument(await readParameters(parameters));
    const named = new Set([
      ...set.map((text) => text.split("=")[0] ?? ""),
      ...(isMap(file) ? Object.keys(file) : []),
    ]);
    return (name) => named.has(name) || Boolean(this.#context.environment[environmentName(name)]);
  }

  async #view(
    name: string,
    { source }: Folder,
    options: Omit<ReconcileOptions, "command" | "mode">,
  ): Promise<ComponentView> {
    const [context, cluster] = [this.#context, this.#cluster];
    const run = { ...options, command: "diff", mode: "observe" } as const;
    const declared = await declaredIn(source, run, context, cluster);
    const { component, render, renderKey } = await renderingOf(declared, context);
    const key = renderKey("");
    return await viewComponent(cluster, {
      component,
      refresh: false,
      render: async () => {
        const kept = this.#rendered.get(name);
        if (kept?.key === key) return kept.objects;
        const objects = await render();
        this.#rendered.set(name, { key, objects });
        return objects;
      },
    });
  }

  /**
   * What is known of them. Each answer is a connection into the cluster, so they are asked for again after a while only,
   * and nobody waits for it.
   */
  #requirementsOf({ name, requires }: Component): Declared["requirements"] {
    const kept = this.#answers.get(name);
    const plain = requires.map(({ name, service, port, version }) => (
      { name, service, port, ...(version === undefined ? {} : { version }) }
    ));
    if (kept !== undefined && Date.now() - kept.at < REQUIREMENTS_MILLISECONDS) return kept.answers;
    const answers = kept?.answers ?? plain;
    this.#answers.set(name, { at: Date.now(), answers });
    checkRequirements(this.#cluster, requires).then((results) => {
      const found = plain.map((requirement, index) => ({ ...requirement, ...results[index] }));
      this.#answers.set(name, { at: Date.now(), answers: found });
    }, () => this.#answers.delete(name));
    return answers;
  }

  async #notProposable(): Promise<string | undefined> {
    const { source, repository } = this.#options;
    if (source === undefined) return "The components are not read from a repository";
    try {
      await repositoryOf(source, repository, this.#context);
      return undefined;
    } catch (error) {
      if (error instanceof PlumbError) return error.message;
      throw error;
    }
  }
}

type Found = Pick<Look, "declared" | "view" | "error">;
const NOTHING: Found = { declared: undefined, view: undefined, error: undefined };
