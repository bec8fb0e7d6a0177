/** How the dashboard finds out about components. @module */
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
import {
  type Component,
  environmentName,
  isRequired,
  loadComponent,
  type Parameters,
  settleComponent,
} from "../component/mod.ts";
import { PlumbError } from "../errors.ts";
import { isMap } from "../field_path.ts";
import { keyOf } from "../object.ts";
import type { DesiredObject } from "../render/mod.ts";
import type { Declared, Eyes, Listing, Look, ObjectTexts } from "../serve/mod.ts";
import { openSource, type Source, type SourceFile } from "../source/mod.ts";
import { type PlannedCheck, titleOf } from "../verify/mod.ts";
import { parseDocument } from "../yaml.ts";
import type { ReconcileOptions, RunContext } from "./command.ts";
import { declaredIn, renderingOf } from "./declared.ts";
import { repositoryOf } from "./github.ts";
import { parametersOf, readParameters } from "./reconcile.ts";
import { checksIn } from "./verify.ts";
import { optionsOf, type ServeOptions } from "./serve_options.ts";
import { scheduleOf } from "./serve_schedule.ts";

/** A component's folder, in the source as it was last read. */
export interface Folder {
  readonly folder: string;
  /** Without values, as `component.yaml` says it. */
  readonly component: Component | undefined;
  readonly source: Source;
  /** Why the component can't be read. */
  readonly error?: unknown;
}

/** Answers of requirements are this old at the most. */
const REQUIREMENTS_MILLISECONDS = 30_000;

/** Looks at the source and the cluster, and remembers what takes long. */
export class ServeEyes implements Eyes {
  readonly #options: ServeOptions;
  readonly #context: RunContext;
  readonly #cluster: Cluster;
  #folders: ReadonlyMap<string, Folder> = new Map();
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
    if (inventories.status === "fulfilled") {
      this.#inventories = new Map(inventories.value.map((item) => [item.component, item]));
    }
    const wanted = (name: string) => component === undefined || name === component;
    return {
      source: { url: url ?? "this machine", path, ...(ref === undefined ? {} : { ref }) },
      declared: [...this.#folders.keys()].filter(wanted),
      deployed: [...this.#inventories.keys()].filter(wanted),
      sourceError: folders.status === "rejected" ? folders.reason : undefined,
      clusterError: inventories.status === "rejected" ? inventories.reason : undefined,
    };
  }

  async look(name: string): Promise<Look> {
    const cluster = this.#cluster;
    const folder = this.#folders.get(name);
    const [found, journal, lease, schedule] = await Promise.allSettled([
      folder === undefined ? this.#lookAtRecords(name) : this.#lookAtFolder(name, folder),
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
    const files = Object.groupBy(await source.files(), ({ path }) => path.split("/")[0] ?? "");
    const folders = Object.entries(files).flatMap(([folder, below = []]): [string, Folder][] => {
      const own = below.map(({ path, bytes }) => ({ path: path.slice(folder.length + 1), bytes }));
      if (!own.some(({ path }) => /^[^/]+\.(ya?ml|json)$/.test(path))) return [];
      const found = readFolder(folder, source, own);
      return [[found.component?.name ?? folder, found]];
    });
    return new Map(folders);
  }

  async #lookAtRecords(name: string): Promise<Found> {
    const inventory = this.#inventories.get(name);
    if (inventory === undefined) return NOTHING;
    return { ...NOTHING, view: await viewRecorded(this.#cluster, inventory) };
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

/** A folder of the source as a source of its own. */
function readFolder(folder: string, root: Source, files: readonly SourceFile[]): Folder {
  const tree = `${root.tree}/${folder}`;
  const source: Source = { ...root, tree, files: () => Promise.resolve(files) };
  try {
    return { folder, source, component: loadComponent(files, { folder }) };
  } catch (error) {
    return { folder, source, component: undefined, error };
  }
}

function revisionOf({ url, ref, revision, subject, author, time }: Source): Declared["revision"] {
  return {
    url,
    revision,
    ...(ref === undefined ? {} : { ref }),
    ...(subject === undefined ? {} : { subject }),
    ...(author === undefined ? {} : { author }),
    ...(time === undefined ? {} : { time: new Date(time).toISOString() }),
  };
}

type Given = (name: string) => boolean;

function rowsOf(
  component: Component,
  known: Parameters,
  isGiven: Given,
): Declared["parameters"] {
  return [...component.parameters].map(([name, declaration]) => {
    const { type, description, secret = false, values, default: fallback, secretRef } = declaration;
    const origin = isGiven(name) || secretRef !== undefined ? "given" : "default";
    const value = known.get(name);
    return {
      name,
      type,
      description,
      secret,
      required: isRequired(declaration),
      ...(values === undefined ? {} : { values: [...values] }),
      ...(fallback === undefined ? {} : { default: fallback }),
      // Secret values write themselves as such.
      ...(value === undefined ? {} : { value: String(value), origin }),
    };
  });
}

function checksOf(component: Component): Pick<Declared, "checks" | "checksError"> {
  const { verify } = component;
  if (verify === undefined) return { checks: undefined };
  try {
    return { checks: checksIn(component).map(shown) };
  } catch (error) {
    return { checks: undefined, checksError: error };
  }
}

function shown(planned: PlannedCheck) {
  return { name: planned.name, title: titleOf(planned), proves: planned.check.proves };
}
