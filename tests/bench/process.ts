/** Runs a program and measures it as a whole process. */

/** What one run took. */
export interface Measure {
  readonly code: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of the largest process among it and its children. */
  readonly peakMegabytes: number;
  readonly output: string;
}

/**
 * GNU time reads the kernel's own accounting when the process ends, so nothing is sampled. Its three numbers come on
 * a file of their own.
 */
export async function measure(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<Measure> {
  const report = await Deno.makeTempFile();
  const started = performance.now();
  const { code, stdout, stderr } = await new Deno.Command("/usr/bin/time", {
    args: ["-f", "%U %S %M", "-o", report, program, ...args],
    env,
    stdin: "null",
  }).output();
  const seconds = (performance.now() - started) / 1000;
  const [user = 0, system = 0, peak = 0] =
    (await Deno.readTextFile(report)).trim().split("\n").at(-1)?.split(" ").map(Number) ?? [];
  await Deno.remove(report);
  const text = new TextDecoder();
  return {
    code,
    seconds,
    cpuSeconds: user + system,
    peakMegabytes: peak / 1024,
    output: text.decode(stdout) + text.decode(stderr),
  };
}

/** The value in the middle. */
export function medianOf<Item>(items: readonly Item[], valueOf: (item: Item) => number): number {
  const sorted = items.map(valueOf).sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
