/** The tools that are measured, and how each is called. */
import { requireTool, type Tool } from "../../lib/tools/mod.ts";

/** A tool in one of its uses. */
export type ToolName = "plumb" | "kubectl apply" | "kubectl diff" | "kapp";

/** Their names on the command line. */
export const TOOLS: Readonly<Record<string, readonly ToolName[]>> = {
  plumb: ["plumb"],
  kubectl: ["kubectl apply", "kubectl diff"],
  kapp: ["kapp"],
};

/** A program with its arguments. */
export type Command = readonly [program: string, args: readonly string[]];

/** As the tasks say: answers of the API server soon become garbage, and a small young generation collects them soon. */
const SMALL_YOUNG_GENERATION = "--v8-flags=--max-semi-space-size=2";
const MAIN = new URL("../../main.ts", import.meta.url).pathname;

const KAPP: Tool = {
  name: "kapp",
  lookups: [{ variable: "PLUMB_KAPP" }, "path"],
  build: {
    folder: "kapp-v0.64.2",
    module: new URL("kapp", import.meta.url).pathname,
    linkerFlags: "-s -w",
    duration: "two minutes",
  },
  install: "Install kapp, or Go to build it.",
};

/** How to run a tool on a folder. */
export async function commandOf(tool: ToolName, folder: string): Promise<Command> {
  switch (tool) {
    case "plumb":
      return plumb("reconcile", folder, "--no-wait", "--yes");
    case "kubectl apply":
      return kubectl("apply", folder, "--validate=false");
    case "kubectl diff":
      return kubectl("diff", folder);
    case "kapp":
      return [
        await requireTool(KAPP),
        ["deploy", "--app", "bench", "--file", folder, "--yes", "--wait=false"],
      ];
  }
}

/**
 * What brings a tool's code from the disk, and writes nothing to the cluster. A tool that runs from a cron is never
 * started for the first time.
 */
export async function warmUpOf(tool: ToolName, folder: string): Promise<Command> {
  if (tool === "plumb") return plumb("diff", folder);
  const [program] = await commandOf(tool, folder);
  return [program, ["version"]];
}

function plumb(command: string, folder: string, ...more: readonly string[]): Command {
  const component = ["--path", folder, "--name", "bench", "--namespace", "bench-0"];
  return [
    Deno.execPath(),
    [
      "run",
      SMALL_YOUNG_GENERATION,
      "--allow-all",
      "--frozen",
      MAIN,
      command,
      ...component,
      ...more,
    ],
  ];
}

function kubectl(command: string, folder: string, ...more: readonly string[]): Command {
  return ["kubectl", [command, "--server-side", "--force-conflicts", "-f", folder, ...more]];
}
