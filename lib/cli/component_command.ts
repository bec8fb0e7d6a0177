/** The command `component`, as data. @module */
import { usage } from "./arguments.ts";
import type { Command } from "./command.ts";
import { debug, documentOutputOf, output } from "./options.ts";
import { EXIT } from "./outcome.ts";

/** The schema of `component.yaml`, or of a kind that Plumb realizes. */
async function schemaOf(kind: string | undefined): Promise<unknown> {
  if (kind === undefined) return (await import("../component/mod.ts")).componentJsonSchema();
  const schemas = (await import("../kinds/mod.ts")).kindJsonSchemas();
  if (schemas[kind] !== undefined) return schemas[kind];
  throw usage(`There is no kind ${kind}`, `There are ${Object.keys(schemas).join(", ")}.`);
}

/** `plumb component` as a command. */
export const component: Command = {
  name: "component",
  summary: "list components, show one, or print the schema of component.yaml",
  usage: "plumb component list|show|schema [NAME] [OPTIONS]",
  positionals: 2,
  options: {
    path: {
      type: "string",
      value: "DIR",
      description: "Folder of components",
      default: "manifests",
    },
    output,
    debug,
  },
  examples: [
    { what: "Which components there are", line: "plumb component list" },
    { what: "What CVAT wants to be given", line: "plumb component show cvat" },
    { what: "The schema of component.yaml, for an editor", line: "plumb component schema" },
  ],
  async run(given, context) {
    const [verb, name] = given.positionals;
    const options = {
      root: given.text("path") ?? "manifests",
      output: documentOutputOf(given),
      columns: context.columns,
    };
    const { componentList, componentShow } = await import("./component.ts");
    if (verb === "list") context.write(await componentList(options));
    else if (verb === "show" && name !== undefined) {
      context.write(await componentShow({ ...options, name }));
    } else if (verb === "schema") {
      context.write(`${JSON.stringify(await schemaOf(name), null, 2)}\n`);
    } else throw usage(`What to do with components?`, `Usage: ${component.usage}`);
    return EXIT.ok;
  },
};
