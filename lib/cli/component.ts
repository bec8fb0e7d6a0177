/**
 * `plumb component`: which components there are, and what one of them wants to be given.
 * @module
 */
import { join } from "node:path";
import {
  type Component,
  ComponentError,
  isRequired,
  loadComponent,
  type ParameterDeclaration,
  waysToSet,
} from "../component/mod.ts";
import { selectManifests } from "../render/mod.ts";
import { clip, markdownTable, textTable } from "../report/mod.ts";
import { openSource } from "../source/mod.ts";
import { nearestName } from "../suggest.ts";

/** What to describe, and how. */
export interface ComponentOptions {
  /** Folder whose folders are components, such as `manifests`. */
  readonly root: string;
  readonly output: "text" | "json" | "markdown";
  /** Width of the terminal, for text. */
  readonly columns?: number;
}

/** A component, with how much it consists of. */
interface Listed {
  readonly component: Component;
  readonly folder: string;
  readonly files: readonly string[];
}

/**
 * Describes all components of a folder, one line each.
 *
 * @throws {ComponentError} when one of them can't be read.
 * @throws {SourceError} `path-not-found` when there is no such folder.
 */
export async function componentList(options: ComponentOptions): Promise<string> {
  const folders = await listFolders(options.root);
  const listed = await Promise.all(folders.map((folder) => load(options.root, folder)));
  const rows = listed.map(({ component, files }) => ({
    name: component.name,
    namespace: component.namespace,
    files: files.length,
    description: component.description ?? "",
  }));
  if (options.output === "json") return toJson(rows);
  const header = ["NAME", "NAMESPACE", "FILES", "DESCRIPTION"];
  const cells = rows.map((row) => [row.name, row.namespace, String(row.files), row.description]);
  return options.output === "markdown"
    ? markdownTable(header, cells)
    : textTable(header, cells, options.columns);
}

/**
 * Describes one component: its parameters and how to give them, what it requires, and its files.
 *
 * @throws {ComponentError} `invalid` when it is wrong or not there.
 */
export async function componentShow(
  options: ComponentOptions & { readonly name: string },
): Promise<string> {
  const folders = await listFolders(options.root);
  const listed = await Promise.all(
    folders.filter((folder) => folder === options.name).map((folder) => load(options.root, folder)),
  );
  const [found] = listed;
  if (found === undefined) throw notFound(options, folders);
  if (options.output === "json") return toJson(describe(found));
  return options.output === "markdown" ? showMarkdown(found) : showText(found, options.columns);
}

async function listFolders(root: string): Promise<string[]> {
  const folders: string[] = [];
  try {
    for await (const entry of Deno.readDir(root)) {
      if (entry.isDirectory && !entry.name.startsWith(".")) folders.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new ComponentError("invalid", `There is no folder ${root}`, {
      hint: "Give the folder that holds the components with --path.",
    });
  }
  return folders.sort();
}

async function load(root: string, folder: string): Promise<Listed> {
  const source = await openSource({ path: join(root, folder), cache: "" });
  const files = await source.files();
  const component = loadComponent(files, { folder });
  // Without values a parameter stands for any choice.
  const globs = component.manifests.map((glob) => glob.replaceAll(/\$\{[^{}]*\}/g, "*"));
  const paths = selectManifests(files, globs).map(({ path }) => path);
  return { component, folder, files: paths };
}

function notFound({ name, root }: { name: string; root: string }, folders: readonly string[]) {
  const meant = nearestName(name, folders);
  return new ComponentError("invalid", `There is no component ${name} in ${root}`, {
    hint: meant === undefined
      ? `There are ${folders.join(", ") || "none"}.`
      : `Did you mean ${meant}?`,
  });
}

function describe({ component, folder, files }: Listed) {
  const { name, namespace, description, requires, fields, retain } = component;
  const parameters = [...component.parameters].map(([parameter, declaration]) => ({
    name: parameter,
    ...declaration,
    required: isRequired(declaration),
    set: waysToSet(component, parameter),
  }));
  return { name, namespace, folder, description, parameters, requires, fields, retain, files };
}

function toJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2) + "\n";
}

function showText(listed: Listed, columns: number | undefined): string {
  const { component, files } = listed;
  const sections = [
    `${component.name} (namespace ${component.namespace})${
      component.description === undefined ? "" : `\n${component.description}`
    }\n`,
    section(
      "Parameters",
      [...component.parameters].map(([name, declaration]) =>
        `${name}: ${kindOf(declaration)}\n    ${declaration.description}\n    ${
          waysToSet(component, name)
        }`
      ),
    ),
    section(
      "Requires",
      component.requires.map(({ name, version, service, port }) =>
        `${name}${version === undefined ? "" : ` ${version}`}: Service ${service}, port ${port}`
      ),
    ),
    section("Fields that somebody changes in the cluster", component.fields.map(ruleInWords)),
    section("A rollback keeps", retained(component)),
    section("Manifests", files.map((file) => file)),
  ];
  const lines = sections.filter((text) => text !== "").join("\n").split("\n");
  return lines.map((line) => clip(line, columns)).join("\n");
}

/** A rule on fields in one line. */
function ruleInWords({ action, paths, managers, objects }: Component["fields"][number]): string {
  const { kind, name } = objects ?? {};
  return [
    `${action} ${paths?.join(", ") ?? "any"}`,
    ...(managers === undefined ? [] : [`by ${managers.join(", ")}`]),
    ...(objects === undefined ? [] : [`of ${kind ?? "any kind"} ${name ?? "of any name"}`]),
  ].join(" ");
}

function section(title: string, entries: readonly string[]): string {
  return entries.length === 0
    ? ""
    : `${title}:\n${entries.map((entry) => `  ${entry}\n`).join("")}`;
}

/** What a rollback keeps, and how it comes back. */
function retained({ retain: { reclaimPolicy, outside } }: Component): string[] {
  const policy = reclaimPolicy === "former"
    ? "get back the policy that they had"
    : "stay at Retain";
  return [
    `Volumes: set to Retain\n    The next deploy binds them to the same claims. They ${policy}.`,
    "Generated secrets: in plumb-system\n    The next deploy uses them again.",
    ...outside.map(({ what, where, back }) => `${what}: ${where}\n    ${back}`),
  ];
}

/** Type, default or necessity, and secrecy, in words. */
function kindOf(declaration: ParameterDeclaration): string {
  const { type, values, default: fallback, secret } = declaration;
  return [
    values === undefined ? type : `one of ${values.join(", ")}`,
    ...(secret ? ["secret"] : []),
    fallback === undefined
      ? isRequired(declaration) ? "required" : "optional"
      : `default ${JSON.stringify(fallback)}`,
  ].join(", ");
}

function showMarkdown({ component, files }: Listed): string {
  const parameters = [...component.parameters].map((
    [name, declaration],
  ) => [`\`${name}\``, kindOf(declaration), declaration.description]);
  const requires = component.requires.map((
    { name, version, service, port },
  ) => [name, version ?? "", `\`${service}\``, String(port)]);
  return [
    `# ${component.name}\n`,
    ...(component.description === undefined ? [] : [`${component.description}\n`]),
    `Namespace \`${component.namespace}\`, ${files.length} files.\n`,
    ...(parameters.length === 0
      ? []
      : ["## Parameters\n", markdownTable(["Parameter", "Type", "Description"], parameters)]),
    ...(requires.length === 0
      ? []
      : ["## Requires\n", markdownTable(["Name", "Version", "Service", "Port"], requires)]),
    "## A rollback keeps\n",
    retained(component).map((entry) => `- ${entry.replace(/\n +/, ". ")}\n`).join(""),
  ].join("\n");
}
