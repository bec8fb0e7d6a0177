/** Runs the kustomize program. @module */
import { PlumbError } from "../errors.ts";
import { KUSTOMIZE, requireTool } from "../tools/mod.ts";
import type { CommandContext } from "./command.ts";

/**
 * The output of `kustomize build` on a folder.
 *
 * @throws {PlumbError} `kustomize` with what the program says; {@link ToolError} when there is no program.
 */
export async function buildKustomization(folder: string, context: CommandContext): Promise<string> {
  const program = await requireTool(KUSTOMIZE, {
    environment: (name) => context.environment[name],
    progress: (line) => context.writeError(`${line}\n`),
    signal: context.signal,
  });
  const command = new Deno.Command(program, {
    args: ["build", folder],
    stdin: "null",
    signal: context.signal,
  });
  const { success, stdout, stderr } = await command.output();
  if (success) return new TextDecoder().decode(stdout);
  const words = new TextDecoder().decode(stderr).replaceAll(folder, "").trim();
  throw new PlumbError("kustomize", `kustomize can't build the folder: ${words}`, {
    hint: "Correct the kustomization; `kustomize build` shows the same.",
  });
}
