/** The commands, as data. What each does is imported only when it runs. @module */
import { usage } from "./arguments.ts";
import type { Command, CommandContext, Given, Option, ReconcileOptions } from "./command.ts";
import { component } from "./component_command.ts";
import { parseDuration } from "./duration.ts";
import { history, status } from "./history_command.ts";
import {
  afterOptions,
  debug,
  metricsFile,
  placeOptions,
  runOptions,
  wayOptions,
} from "./options.ts";
import { EXIT, exitCode } from "./outcome.ts";
import { policy } from "./policy_command.ts";
import { rollback } from "./rollback_command.ts";
import { undo } from "./undo_command.ts";
import { resume, suspend } from "./suspend.ts";
import { serve } from "./serve_command.ts";
import { verify } from "./verify_command.ts";
import { VERSION } from "./version.ts";

const repository: Option = {
  type: "string",
  value: "OWNER/NAME",
  description:
    "Of pull requests, at GitHub; of --source when absent. Who asks: GITHUB_TOKEN or GITHUB_APP_ID",
};

const reconcile: Command = {
  name: "reconcile",
  summary: "make the cluster as Git says",
  usage: "plumb reconcile [COMPONENT] [OPTIONS]",
  description:
    "Exit codes: 0 in sync or applied, 1 error, 2 differences found (--mode observe), 3 a check failed (--verify), 4 refused by policy, 5 another run is at work.",
  positionals: 1,
  options: {
    ...runOptions,
    mode: {
      type: "string",
      value: "MODE",
      description:
        "apply; pr: propose what drifted to Git and leave the cluster alone; or only observe",
      default: "apply",
      choices: ["apply", "pr", "observe"],
    },
    repository,
    plan: {
      type: "string",
      value: "FILE",
      description: "Apply exactly what `diff --save FILE` has kept, or nothing if it has moved",
    },
    yes: {
      type: "boolean",
      description: "Don't ask before deleting, and allow a component to shrink",
    },
    ...afterOptions,
    undo: {
      type: "boolean",
      description:
        "Leave a revision that fails as it is; --no-wait does so, too. Otherwise the last good one comes back",
      default: true,
    },
    retry: { type: "boolean", description: "Try a revision again that has failed" },
    "metrics-file": metricsFile,
    ...wayOptions,
  },
  examples: [
    { what: "CVAT from this checkout", line: "plumb reconcile cvat --set domain=example.com" },
    {
      what: "CVAT from a branch of a repository, from a cron",
      line:
        "plumb reconcile cvat --source https://git.example.com/team/platform.git --ref main --parameters cvat.yaml --yes",
    },
    {
      what: "Keep in Git what was repaired in the cluster by hand",
      line:
        "plumb reconcile cvat --mode pr --source https://github.com/team/platform.git --ref main --parameters cvat.yaml",
    },
    {
      what: "Any folder of YAML, or a kustomization",
      line: "plumb reconcile --path ./deploy --namespace web",
    },
  ],
  run: (given, context) => runAndReport("reconcile", given, context),
};

const diff: Command = {
  name: "diff",
  summary: "show how the cluster differs from Git, and who changed it",
  usage: "plumb diff [COMPONENT] [OPTIONS]",
  description:
    "Writes nothing. Exit codes: 0 in sync, 1 error, 2 differences found, 4 refused by policy.",
  positionals: 1,
  options: {
    ...runOptions,
    base: {
      type: "string",
      value: "REF",
      description: "Tell what --ref changes from what differs from the cluster at REF as well",
    },
    "base-parameters": {
      type: "string",
      value: "FILE",
      description: "The file of --parameters as it was at the base",
    },
    cluster: {
      type: "boolean",
      description: "Ask no cluster: compare with the base, and ask the policies",
      default: true,
    },
    "pull-request": {
      type: "string",
      value: "NUMBER",
      description: "Keep a comment with the plan in this pull request, and make a check run",
    },
    repository,
    save: {
      type: "string",
      value: "FILE",
      description: "Keep the plan, to be approved and applied",
    },
  },
  examples: [
    { what: "What has drifted", line: "plumb diff cvat --set domain=example.com" },
    {
      what: "A plan that is applied as it is, or not at all",
      line: "plumb diff cvat --parameters cvat.yaml --save plan.json",
    },
    {
      what: "What a pull request would do, as a comment in it",
      line:
        "plumb diff cvat --source . --ref HEAD --base main --parameters cvat.yaml --pull-request 7 --repository team/platform",
    },
  ],
  run: (given, context) => runAndReport("diff", given, context),
};

async function runAndReport(
  command: "reconcile" | "diff",
  given: Given,
  context: CommandContext,
): Promise<number> {
  const { openPrinter } = await import("./printer.ts");
  const printer = openPrinter(given, context);
  const options = optionsOf(command, given);
  const inner = { ...context, emit: printer.emit };
  try {
    let code: number;
    try {
      const { runComponent } = await import("./reconcile.ts");
      code = exitCode(await runComponent(options, inner));
    } catch (error) {
      const { reportError } = await import("./report_error.ts");
      const { signal } = context;
      code = reportError(error, printer.emit, { signal, debug: given.flag("debug") });
    }
    if (options.pullRequest !== undefined) {
      const { noticePullRequest } = await import("./notice.ts");
      await noticePullRequest(options, printer.events, inner);
    }
    return code;
  } finally {
    printer.close();
  }
}

function optionsOf(command: "reconcile" | "diff", given: Given): ReconcileOptions {
  const observe = command === "diff" || given.text("mode") === "observe";
  const adopt = given.text("adopt");
  return {
    command,
    mode: observe ? "observe" : given.text("mode") === "pr" ? "pr" : "apply",
    repository: given.text("repository"),
    base: given.text("base"),
    baseParameters: given.text("base-parameters"),
    withoutCluster: command === "diff" && !given.flag("cluster"),
    pullRequest: numberOf(given.text("pull-request")),
    save: given.text("save"),
    plan: given.text("plan"),
    ...placeOptions(given),
    adopt: adopt === "unowned" || adopt === "all" || adopt === "none" ? adopt : undefined,
    refresh: given.flag("refresh"),
    yes: given.flag("yes"),
    wait: command === "diff" || given.flag("wait"),
    // What nobody waits for is not known to have failed.
    undo: command === "diff" || (given.flag("undo") && given.flag("wait")),
    retry: given.flag("retry") || given.text("plan") !== undefined,
    verify: given.flag("verify"),
    resolve: given.texts("resolve"),
    certificateAuthority: given.text("certificate-authority"),
    timeout: parseDuration(given.text("timeout") ?? "5m"),
  };
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw usage(`--pull-request can't be ${text}`, "It is the number of a pull request.");
}

const sandbox: Command = {
  name: "sandbox",
  summary: "keep a throw-away cluster up, and print its kubeconfig",
  usage: "plumb sandbox",
  description:
    "A real API server, controllers and scheduler on loopback, with kwok as the node. Ends with Ctrl-C.",
  positionals: 0,
  options: { debug },
  examples: [{ what: "A cluster to try things in", line: "plumb sandbox" }],
  run: async (_given, context) => (await import("./sandbox.ts")).runSandbox(context),
};

const demo: Command = {
  name: "demo",
  summary: "deploy CVAT into a throw-away cluster, break it, and heal it",
  usage: "plumb demo",
  positionals: 0,
  options: { debug },
  examples: [{ what: "See it work", line: "plumb demo" }],
  run: async (_given, context) => (await import("./demo.ts")).runDemo(context),
};

const version: Command = {
  name: "version",
  summary: "print the version",
  usage: "plumb version",
  positionals: 0,
  options: {},
  examples: [{ what: "Which version this is", line: "plumb version" }],
  run(_given, context) {
    context.write(`${VERSION}\n`);
    return Promise.resolve(EXIT.ok);
  },
};

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  reconcile,
  diff,
  undo,
  rollback,
  policy,
  verify,
  status,
  history,
  suspend,
  resume,
  component,
  serve,
  sandbox,
  demo,
  version,
];
