/** Archives of Maven Central, brought by Maven itself and unpacked once into the user's cache folder. */
import { join } from "node:path";
import { cachePath, fillOnce } from "../../../lib/tools/cache.ts";
import { onPath } from "../../../lib/tools/lookup.ts";

/** What to bring. */
export interface MavenArchive {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  /** The archive's only folder. */
  readonly root: string;
  /** A program in that folder, as a path from it. */
  readonly program: string;
  /** Prepares the unpacked folder, once. */
  readonly prepare: (folder: string) => Promise<void>;
}

/** The unpacked folder of a zip archive. */
export async function mavenArchive(wanted: MavenArchive): Promise<string> {
  const { group, artifact, version, root, program } = wanted;
  const folder = cachePath(`${artifact}-${version}`, {});
  await fillOnce(folder, join(root, program), async (empty) => {
    const coordinates = `${group}:${artifact}:${version}:zip`;
    await run("mvn", [
      "--batch-mode",
      "--quiet",
      "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy",
      `-Dartifact=${coordinates}`,
      `-DoutputDirectory=${empty}`,
      "-Dmdep.useBaseVersion=true",
    ]);
    const packed = join(empty, `${artifact}-${version}.zip`);
    await run("unzip", ["-q", packed, "-d", empty]);
    await Deno.remove(packed);
    await wanted.prepare(join(empty, root));
  });
  return join(folder, root);
}

/** Runs a program to its end, or says which one is missing, or what it said. */
export async function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (!program.includes("/") && await onPath(program, Deno.env.get) === undefined) {
    throw new Error(`${program} is missing: .ci/run names the packages that bring it`);
  }
  const command = new Deno.Command(program, { args: [...args], env: { ...env }, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const decoder = new TextDecoder();
  throw new Error(`${program} failed:\n${decoder.decode(stdout)}${decoder.decode(stderr)}`);
}
