// deno-lint-ignore-file no-console
/**
 * The whole test command: formatting, lint, types, then every test against one shared embedded cluster.
 * Ends with the line `N passed, N failed`.
 *
 * Arguments are handed to `deno test`: a file to run alone, `--filter=…`.
 */
import { z } from "zod";
import { startSandbox } from "../lib/sandbox/mod.ts";
import { shareKeycloak, startKeycloak } from "./contract/servers/keycloak.ts";

const ROOT = new URL("..", import.meta.url).pathname;

/** Runs this Deno with arguments, its output shown, and returns its exit code. */
async function deno(args: readonly string[], env: Record<string, string> = {}): Promise<number> {
  const command = new Deno.Command(Deno.execPath(), { args: [...args], cwd: ROOT, env });
  return (await command.spawn().status).code;
}

/** Counts of a JUnit report. */
async function countsOf(path: string): Promise<{ passed: number; failed: number }> {
  const text = await Deno.readTextFile(path).catch(() => "");
  const attribute = (name: string) =>
    z.coerce.number().parse(text.match(new RegExp(`<testsuites[^>]* ${name}="(\\d+)"`))?.[1] ?? 0);
  const [tests, failures, errors] = [
    attribute("tests"),
    attribute("failures"),
    attribute("errors"),
  ];
  return { passed: tests - failures - errors, failed: failures + errors };
}

const only = Deno.args;
let failedChecks = 0;
if (only.length === 0) {
  for (const args of [["fmt", "--check"], ["lint"], ["check"]]) {
    if (await deno(args) !== 0) failedChecks++;
  }
}
const folder = await Deno.makeTempDir({ prefix: "plumb-test-" });
const report = `${folder}/junit.xml`;
let code = 1;
try {
  await using sandbox = await startSandbox({ progress: (line) => console.log(line) });
  // A file that is run alone starts its own, if it needs one.
  await using keycloak = only.length === 0 ? await startKeycloak() : undefined;
  code = await deno(
    [
      "test",
      "--allow-all",
      "--frozen",
      "--parallel",
      "--doc",
      `--junit-path=${report}`,
      ...(only.length === 0 ? ["lib", "tests"] : only),
    ],
    {
      PLUMB_TEST_KUBECONFIG: sandbox.kubeconfig,
      DENO_JOBS: "4",
      ...(keycloak === undefined ? {} : shareKeycloak(keycloak)),
    },
  );
} finally {
  const { passed, failed } = await countsOf(report);
  await Deno.remove(folder, { recursive: true });
  const unexplained = code !== 0 && failed === 0 ? 1 : 0;
  console.log(`\n${passed} passed, ${failed + failedChecks + unexplained} failed`);
}
Deno.exit(code !== 0 || failedChecks > 0 ? 1 : 0);
