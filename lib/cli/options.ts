/** Options that several commands have. @module */
import type { Given, Option, Output, ReconcileOptions } from "./command.ts";

/** How to print. */
export const output: Option = {
  type: "string",
  value: "FORMAT",
  description: "How to print",
  default: "text",
  choices: ["text", "json", "markdown"],
};
/** How to print a run: for a step of a GitHub Action, too, with its annotations, summary and outputs. */
export const runOutput: Option = { ...output, choices: ["text", "json", "markdown", "github"] };
/** All that a run says. */
export const report: Option = {
  type: "string",
  value: "FILE",
  description: "Write the whole run as Markdown to a file, too",
};
/** For whoever looks for a defect. */
export const debug: Option = {
  type: "boolean",
  description: "Show where in the program an error comes from",
};

/** For commands that have numbers to tell. */
export const metricsFile: Option = {
  type: "string",
  value: "FILE",
  description:
    "Keep metrics there, for a textfile collector of Prometheus, such as plumb-cvat.prom",
};

/** Which component, with what, and where. */
export const runOptions: Readonly<Record<string, Option>> = {
  source: {
    type: "string",
    value: "URL",
    description: "Git repository; without it, PATH is a local folder",
  },
  ref: { type: "string", value: "REF", description: "Branch, tag or commit of the repository" },
  "signed-by": {
    type: "string",
    multiple: true,
    value: "FILE",
    description:
      "Use only a commit that a key of FILE has signed: allowed signers of SSH, or public keys of GPG; may be repeated",
  },
  path: {
    type: "string",
    value: "DIR",
    description: "Folder of the component instead of manifests/COMPONENT",
  },
  namespace: { type: "string", value: "NAME", description: "Namespace of the component" },
  name: {
    type: "string",
    value: "NAME",
    description: "Name of the component, which its inventory goes by",
  },
  set: {
    type: "string",
    multiple: true,
    value: "NAME=VALUE",
    description: "A parameter; may be repeated",
  },
  parameters: { type: "string", value: "FILE", description: "YAML file of parameters" },
  kubeconfig: {
    type: "string",
    value: "FILE",
    description: "Instead of KUBECONFIG or ~/.kube/config",
  },
  context: { type: "string", value: "NAME", description: "Context of the kubeconfig" },
  adopt: {
    type: "string",
    value: "WHICH",
    description: "Which existing objects to take over",
    choices: ["unowned", "all", "none"],
  },
  refresh: { type: "boolean", description: "Trust no record: compare every object" },
  output: runOutput,
  report,
  debug,
};

/** How long to wait for each wave. */
export const timeout: Option = {
  type: "string",
  value: "TIME",
  description: "How long to wait for each wave",
  default: "5m",
};

/** What is done after objects were applied. */
export const afterOptions: Readonly<Record<string, Option>> = {
  wait: { type: "boolean", description: "Don't wait until workloads are ready", default: true },
  timeout,
  verify: { type: "boolean", description: "Then run the checks of spec.verify" },
};

/** How to get to public addresses that this machine does not know. */
export const wayOptions: Readonly<Record<string, Option>> = {
  resolve: {
    type: "string",
    multiple: true,
    value: "HOST=ADDRESS:PORT",
    description: "Where a public host is whose name does not resolve here; may be repeated",
  },
  "certificate-authority": {
    type: "string",
    value: "FILE",
    description: "PEM file of an authority that public certificates may be signed by",
  },
};

const OUTPUTS: readonly Output[] = ["json", "markdown", "junit", "github"];

/** The output that was chosen. */
export function outputOf(given: Given): Output {
  const chosen = given.text("output");
  return OUTPUTS.find((output) => output === chosen) ?? "text";
}

/** The output that was chosen, for what is no run. */
export function documentOutputOf(given: Given): "text" | "json" | "markdown" {
  const chosen = outputOf(given);
  return chosen === "json" || chosen === "markdown" ? chosen : "text";
}

/** Which component, with what, and where. */
type Place = Pick<
  ReconcileOptions,
  | "component"
  | "source"
  | "ref"
  | "signedBy"
  | "path"
  | "name"
  | "namespace"
  | "set"
  | "parameters"
  | "kubeconfig"
  | "context"
>;

/** What was given for them. */
export function placeOptions(given: Given): Place {
  return {
    component: given.positionals[0],
    source: given.text("source"),
    ref: given.text("ref"),
    signedBy: given.texts("signed-by"),
    path: given.text("path"),
    name: given.text("name"),
    namespace: given.text("namespace"),
    set: given.texts("set"),
    parameters: given.text("parameters"),
    kubeconfig: given.text("kubeconfig"),
    context: given.text("context"),
  };
}
