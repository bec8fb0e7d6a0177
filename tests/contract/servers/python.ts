/** Packages of PyPI, each set in a virtual environment of its own. */
import { join } from "node:path";
import { cachePath, fillOnce } from "../../../lib/tools/cache.ts";
import { run } from "./maven.ts";

/** The program python of an environment with exactly these packages, made once. */
export async function pythonWith(...packages: readonly string[]): Promise<string> {
  const folder = cachePath(packages.join("-").replaceAll("==", "-"), {});
  await fillOnce(folder, "bin/python", async (empty) => {
    await run("python3", ["-m", "venv", empty]);
    await run(join(empty, "bin/python"), ["-m", "pip", "install", "--quiet", ...packages]);
  });
  return join(folder, "bin/python");
}
