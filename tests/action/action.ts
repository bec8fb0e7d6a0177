/** Runs the steps of `action.yml` as GitHub's runner does. */
import { join } from "node:path";
import { load } from "js-yaml";
import { z } from "zod";
import { type Contexts, evaluate } from "./expressions.ts";

/** The repository of the Action. */
export const ROOT = new URL("../../", import.meta.url).pathname;

const step = z.strictObject({
  id: z.string().optional(),
  if: z.string().optional(),
  shell: z.string().optional(),
  "working-directory": z.string().optional(),
  env: z.record(z.string(), z.string()).default({}),
  run: z.string().optional(),
  uses: z.string().optional(),
  with: z.record(z.string(), z.union([z.string(), z.boolean().transform(String)])).default({}),
});
const described = z.strictObject({
  description: z.string().min(10),
  required: z.boolean().optional(),
  default: z.string().optional(),
});
const action = z.strictObject({
  name: z.string(),
  description: z.string(),
  inputs: z.record(z.string(), described),
  outputs: z.record(
    z.string(),
    z.strictObject({ description: z.string().min(10), value: z.string() }),
  ),
  runs: z.strictObject({ using: z.literal("composite"), steps: z.array(step) }),
  branding: z.strictObject({ icon: z.string(), color: z.string() }),
});

/** The Action as it is declared. */
export async function readAction(): Promise<z.output<typeof action>> {
  return action.parse(load(await Deno.readTextFile(join(ROOT, "action.yml"))));
}

/** An event that runs it. */
export interface Trigger {
  readonly name: "push" | "pull_request" | "pull_request_target" | "schedule";
  /** As GitHub hands it over in a file. */
  readonly payload: Readonly<Record<string, unknown>>;
  /** Full name of the ref, such as `refs/pull/1/merge`. */
  readonly ref: string;
  readonly sha: string;
  readonly repository: string;
  readonly api: string;
  /** What the job's token is. */
  readonly token: string;
}

/** What a step that uses another Action would have got. */
export interface Used {
  readonly uses: string;
  readonly with: Readonly<Record<string, string>>;
}

/** What a run of the Action left. */
export interface ActionRun {
  readonly code: number;
  readonly log: string;
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly used: readonly Used[];
  /** The variables of the step, as they were set beside the runner's. */
  readonly temporary: string;
}

/** Runs the Action in a checkout. `environment` is that of the job. */
export async function runAction(
  trigger: Trigger,
  checkout: string,
  given: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): Promise<ActionRun> {
  const declared = await readAction();
  const temporary = await Deno.makeTempDir({ prefix: "plumb-runner-" });
  const runner = await runnerVariables(trigger, checkout, temporary);
  const github = {
    token: trigger.token,
    event_name: trigger.name,
    event: trigger.payload,
    action_path: ROOT,
    repository: trigger.repository,
  };
  const inputs = Object.fromEntries(
    Object.entries(declared.inputs).map(([name, input]) => {
      const value = given[name] ?? evaluate(input.default ?? "", { github });
      if (input.required && value === "") throw new Error(`The input ${name} is required`);
      return [name, value];
    }),
  );
  const steps: Record<string, { outputs: Record<string, string> }> = {};
  const contexts: Contexts = { github, inputs, steps };
  let [code, log] = [0, ""];
  const used: Used[] = [];
  for (const [index, each] of declared.runs.steps.entries()) {
    const wanted = evaluate(each.if ?? "${{ success() }}", { ...contexts, failed: code !== 0 });
    if (wanted !== "true") continue;
    const values = (texts: Readonly<Record<string, string>>) =>
      Object.fromEntries(
        Object.entries(texts).map(([name, text]) => [name, evaluate(text, contexts)]),
      );
    if (each.run === undefined) {
      used.push({ uses: each.uses ?? "", with: values(each.with) });
      continue;
    }
    const output = join(temporary, `output-${index}`);
    const done = await runStep(each.run, {
      cwd: evaluate(each["working-directory"] ?? checkout, contexts),
      env: { ...runner, ...environment, ...values(each.env), GITHUB_OUTPUT: output },
      temporary,
    });
    log += done.log;
    if (done.code !== 0) code = done.code;
    if (each.id !== undefined) steps[each.id] = { outputs: await readOutputs(output) };
  }
  const outputs = Object.fromEntries(
    Object.entries(declared.outputs).map(([name, { value }]) => [name, evaluate(value, contexts)]),
  );
  const summary = await Deno.readTextFile(join(temporary, "summary"));
  return { code, log, summary, outputs, used, temporary };
}

async function runnerVariables(
  { name, payload, ref, sha, repository, api }: Trigger,
  checkout: string,
  temporary: string,
): Promise<Record<string, string>> {
  const event = join(temporary, "event.json");
  await Deno.writeTextFile(event, JSON.stringify(payload));
  await Deno.writeTextFile(join(temporary, "summary"), "");
  return {
    PATH: Deno.env.get("PATH") ?? "",
    HOME: Deno.env.get("HOME") ?? "",
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_ACTION_PATH: ROOT,
    GITHUB_API_URL: api,
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_REPOSITORY: repository,
    GITHUB_RUN_ID: "4711",
    GITHUB_EVENT_NAME: name,
    GITHUB_EVENT_PATH: event,
    GITHUB_REF: ref,
    GITHUB_REF_NAME: ref.replace(/^refs\/(?:heads|tags|pull)\//, ""),
    GITHUB_SHA: sha,
    GITHUB_WORKSPACE: checkout,
    GITHUB_STEP_SUMMARY: join(temporary, "summary"),
    RUNNER_TEMP: temporary,
  };
}

/** `shell: bash`, as the runner starts it. */
async function runStep(
  script: string,
  { cwd, env, temporary }: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly temporary: string;
  },
): Promise<{ code: number; log: string }> {
  const file = join(temporary, "step.sh");
  await Deno.writeTextFile(file, script);
  await Deno.writeTextFile(env["GITHUB_OUTPUT"] ?? "", "");
  const command = new Deno.Command("bash", {
    args: ["--noprofile", "--norc", "-e", "-o", "pipefail", file],
    cwd,
    env: { ...env },
    clearEnv: true,
    stdin: "null",
  });
  const { code, stdout, stderr } = await command.output();
  return { code, log: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

async function readOutputs(file: string): Promise<Record<string, string>> {
  const lines = (await Deno.readTextFile(file)).split("\n").filter((line) => line !== "");
  return Object.fromEntries(lines.map((line) => {
    const at = line.indexOf("=");
    if (at < 1) throw new Error(`This is no output: ${line}`);
    return [line.slice(0, at), line.slice(at + 1)];
  }));
}
