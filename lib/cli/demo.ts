/** `plumb demo`: the whole story on a throw-away cluster. Every claim is checked before the next is made. @module */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Cluster, DEPLOYMENTS, SERVICES } from "../cluster/mod.ts";
import { PlumbError } from "../errors.ts";
import type { Event, Outcome } from "../event.ts";
import { createPrinter } from "../report/mod.ts";
import { startSandbox } from "../sandbox/mod.ts";
import type { CommandContext, ReconcileOptions, RunContext } from "./command.ts";
import { LOCAL } from "./serve_options.ts";
import { EXIT } from "./outcome.ts";
import { startKeycloakStandIn } from "./keycloak_stand_in.ts";
import { installPlatform, tlsSecretName } from "./platform.ts";
import { runComponent } from "./reconcile.ts";
import { runVerify } from "./verify.ts";

const DOMAIN = "example.com";

/** Runs the demo. @returns 0 only if each step showed what it claims. */
export async function runDemo(context: CommandContext): Promise<number> {
  const started = performance.now();
  const heading = headings(context);
  const folder = await Deno.makeTempDir({ prefix: "plumb-demo-" });
  try {
    heading(
      "A cluster",
      "A real API server with its controllers, on loopback, with kwok as the node.",
    );
    await using sandbox = await startSandbox({
      progress: (line) => context.writeError(`${line}\n`),
      signal: context.signal,
    });
    const { kubeconfig } = sandbox;
    context.write(`Up at ${sandbox.server}\n`);

    heading(
      "A platform",
      "PostgreSQL, Keycloak, ClickHouse and Valkey, as Services that accept connections.",
    );
    await using keycloak = startKeycloakStandIn();
    await using _platform = await printing(
      context,
      (run) => installPlatform({ kubeconfig, domain: DOMAIN, keycloak }, run),
    );

    heading("A Git repository", "The manifests of this checkout, in one commit.");
    const source = await makeRepository(folder, context.signal);
    const options = cvatOptions(source, kubeconfig, keycloak.url);
    const demo = inSandbox(context);

    heading(
      "Deploy",
      "CVAT as Git says, judged by the policies: 18 steps, in waves, each waiting for what it needs.",
    );
    await expectOutcome("applied", run(options, demo));

    heading("Again", "Nothing has moved, so nothing is done.");
    await expectOutcome("in-sync", run(options, demo));

    heading("Night", "Somebody scales the backend, and deletes a Service.");
    await breakByHand(kubeconfig);
    context.write(
      "kubectl scale deployment cvat-backend --replicas 3\nkubectl delete service opa\n",
    );

    heading("Drift", "What differs, who changed it, and when.");
    await expectOutcome("differences", run({ ...options, command: "diff", mode: "observe" }, demo));

    heading("Heal", "Git wins.");
    await expectOutcome("applied", run(options, demo));
    await expectOutcome("in-sync", run(options, demo));

    heading(
      "Verify",
      "What runs is what was declared. The other checks log in, upload, annotate and export: a real cluster proves those.",
    );
    await expectVerified(options, demo);
    context.write(`\nDone in ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
    if (context.interactive) await keepUp(options, demo, heading);
    return EXIT.ok;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Somebody watches: he may go on by himself, until Ctrl-C. */
async function keepUp(
  options: ReconcileOptions,
  context: CommandContext,
  heading: (title: string, sentence: string) => void,
): Promise<void> {
  heading("Your turn", "The dashboard of this cluster. Break something, and see it; deploy again.");
  const { openDashboard, greetingOf, untilAborted } = await import("./serve.ts");
  const { component, source, ref, set, kubeconfig } = options;
  await using dashboard = await openDashboard({
    ...LOCAL,
    component,
    source,
    ref,
    set,
    kubeconfig,
  }, context);
  context.write(greetingOf(dashboard));
  await untilAborted(context.signal);
}

function headings({ write, color }: CommandContext): (title: string, sentence: string) => void {
  let number = 0;
  return (title, sentence) => {
    number++;
    const text = `${number}. ${title}`;
    write(`\n${color ? `\u001b[1m${text}\u001b[22m` : text}\n${sentence}\n\n`);
  };
}

/** Runs something with a printer of its own. */
async function printing<Result>(
  context: CommandContext,
  work: (context: RunContext) => Promise<Result>,
): Promise<Result> {
  const printer = createPrinter("text", context);
  try {
    return await work({ ...context, emit: printer.emit });
  } finally {
    printer.close();
  }
}

async function run(options: ReconcileOptions, context: CommandContext): Promise<Outcome> {
  return await printing(
    context,
    (inner) => runComponent(options, { ...inner, emit: brief(inner.emit) }),
  );
}

/** The demo says the same cluster and commit only once. */
function brief(emit: (event: Event) => void): (event: Event) => void {
  return (event) => {
    if (event.type !== "run" && event.type !== "source") emit(event);
  };
}

async function expectOutcome(expected: Outcome, actual: Promise<Outcome>): Promise<void> {
  const outcome = await actual;
  if (outcome !== expected) {
    throw new PlumbError("demo", `The demo expected ${expected}, but the run ended as ${outcome}`, {
      hint: "This is a defect. Run `plumb demo --debug` and report what it prints.",
    });
  }
}

async function expectVerified(options: ReconcileOptions, context: CommandContext): Promise<void> {
  const ends: Event[] = [];
  const checks = { only: [], skip: [], failFast: false, repeat: 1, resolve: [] };
  await printing(context, ({ emit, ...inner }) =>
    runVerify(
      { ...options, ...checks },
      {
        ...inner,
        emit: brief((event) => {
          ends.push(event);
          emit(event);
        }),
      },
    ));
  const last = ends.findLast((event) => event.type === "verified");
  if (last?.passed === 1 && last.failed === 0) return;
  throw new PlumbError("demo", "The demo expected the check to pass, and it failed", {
    hint: "This is a defect. Run `plumb demo --debug` and report what it prints.",
  });
}

/** Nothing is pulled in the sandbox, so any digest will do. */
const DIGEST = `sha256:${"0".repeat(64)}`;
const IMAGES = ["server", "ui", "opa", "postgres", "valkey", "kvrocks", "vector", "oauth2Proxy"];

function cvatOptions(source: string, kubeconfig: string, keycloak: string): ReconcileOptions {
  return {
    command: "reconcile",
    mode: "apply",
    component: "cvat",
    source,
    ref: "main",
    set: [
      `domain=${DOMAIN}`,
      `tlsSecret=${tlsSecretName(DOMAIN)}`,
      `keycloakServer=${keycloak}`,
      ...IMAGES.map((name) => `${name}Digest=${DIGEST}`),
    ],
    kubeconfig,
    refresh: false,
    yes: true,
    wait: true,
    timeout: 120_000,
  };
}

/** Pods of the sandbox run no image: what asks a server behind one has nobody to ask. */
const unjudged = (check: string) =>
  check === "deployment" ? undefined : "no image runs on this node";

/** The passwords of a demo are random, and stay in this process. */
function inSandbox(context: CommandContext): CommandContext {
  const names = [
    "ADMIN_PASSWORD",
    "POSTGRES_PASSWORD",
    "CLICKHOUSE_PASSWORD",
  ];
  const secrets = names.map((name) => [`PLUMB_PARAMETER_${name}`, crypto.randomUUID()]);
  const environment = { ...context.environment, ...Object.fromEntries(secrets) };
  return { ...context, environment, unjudged };
}

/** Commits `manifests/` to a new repository. @returns its path. */
async function makeRepository(folder: string, signal: AbortSignal): Promise<string> {
  const repository = join(folder, "platform");
  const manifests = fileURLToPath(new URL("../../manifests", import.meta.url));
  await copyFolder(manifests, join(repository, "manifests"));
  const identity = ["-c", "user.name=Demo", "-c", "user.email=demo@example.com"];
  await git(["init", "--quiet", "--initial-branch=main", repository], signal);
  await git(["-C", repository, "add", "."], signal);
  await git(
    ["-C", repository, ...identity, "commit", "--quiet", "--no-gpg-sign", "-m", "Add CVAT"],
    signal,
  );
  return repository;
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory) await copyFolder(source, target);
    else if (entry.isFile) await Deno.copyFile(source, target);
  }
}

async function git(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { success, stderr } = await new Deno.Command("git", { args: [...args], signal }).output();
  if (success) return;
  throw new PlumbError("git-failed", new TextDecoder().decode(stderr).trim(), {
    hint: "Is git installed?",
  });
}

/** What somebody does at night, under the name that kubectl has. */
async function breakByHand(kubeconfig: string): Promise<void> {
  using cluster = await Cluster.connect({ kubeconfig, environment: {} });
  const backend = { namespace: "cvat", name: "cvat-backend" };
  await cluster.patch(DEPLOYMENTS, backend, { spec: { replicas: 3 } }, "merge", "kubectl-scale");
  await cluster.delete(SERVICES, { namespace: "cvat", name: "opa" });
}
