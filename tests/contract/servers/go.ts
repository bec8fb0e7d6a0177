/** Programs that Go builds from modules of the tests, with pinned sums: once, into the user's cache folder. */
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { cachePath, fillOnce } from "../../../lib/tools/cache.ts";
import { run } from "./maven.ts";

/**
 * Builds a program, unless it is there.
 *
 * @param module folder with a `go.mod`; the program is called like it.
 * @returns where the program is.
 */
export async function goProgram(module: string, main: string): Promise<string> {
  const name = basename(module);
  const sums = await Deno.readFile(join(module, "go.sum"));
  const hash = createHash("sha256").update(sums).digest("hex").slice(0, 16);
  const folder = cachePath(`${name}-${hash}`, {});
  await fillOnce(folder, name, (empty) =>
    run("go", ["-C", module, "install", "-trimpath", main], {
      CGO_ENABLED: "0",
      GOBIN: empty,
      GOFLAGS: "-mod=readonly",
      GOWORK: "off",
    }));
  return join(folder, name);
}
