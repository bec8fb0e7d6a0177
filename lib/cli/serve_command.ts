/** `plumb serve`, as data. @module */
import { usage } from "./arguments.ts";
import type { Command, Given } from "./command.ts";
import { debug, runOptions, wayOptions } from "./options.ts";
import type { ServeOptions } from "./serve_options.ts";

/** Those of the options of a run that mean the same here. */
const same = (...names: readonly string[]) =>
  Object.fromEntries(Object.entries(runOptions).filter(([name]) => names.includes(name)));

/** `plumb serve`. */
export const serve: Command = {
  name: "serve",
  summary: "show all components in a browser, and act on them from there",
  usage: "plumb serve [COMPONENT] [OPTIONS]",
  description:
    "On loopback, who opens the address looks; who opens the printed one, with its token, acts. Beyond loopback, people are known by bearer tokens of --oidc-issuer or by the headers X-Auth-Request-* of an OAuth2 Proxy in --trust-proxy. Ctrl-C finishes what is under way.",
  positionals: 1,
  options: {
    listen: {
      type: "string",
      value: "ADDRESS:PORT",
      description: "Where to listen; port 0 is a free one",
      default: "127.0.0.1:0",
    },
    ...same("source", "ref"),
    repository: {
      type: "string",
      value: "OWNER/NAME",
      description: "At GitHub, to propose to; of --source when absent",
    },
    path: {
      type: "string",
      value: "DIR",
      description: "Folder of components",
      default: "manifests",
    },
    set: {
      type: "string",
      multiple: true,
      value: "[COMPONENT.]NAME=VALUE",
      description: "A parameter, of one component or of each that has it; may be repeated",
    },
    parameters: {
      type: "string",
      value: "PATH",
      description:
        "YAML file of parameters for COMPONENT, or a folder with a COMPONENT.yaml of each",
    },
    ...same("kubeconfig", "context"),
    host: {
      type: "string",
      multiple: true,
      value: "NAME",
      description: "Public name of the dashboard; requests for others are refused",
    },
    "oidc-issuer": {
      type: "string",
      value: "URL",
      description: "Believe bearer tokens of this issuer",
    },
    "oidc-audience": {
      type: "string",
      value: "NAME",
      description: "Whom they must be for",
      default: "plumb",
    },
    "trust-proxy": {
      type: "string",
      multiple: true,
      value: "CIDR",
      description: "Believe X-Auth-Request-* headers from these addresses",
    },
    viewers: {
      type: "string",
      multiple: true,
      value: "GROUP",
      description: "Who may look; everybody who is signed in when absent",
    },
    operators: {
      type: "string",
      multiple: true,
      value: "GROUP",
      description: "Who may act",
    },
    ...wayOptions,
    debug,
  },
  examples: [
    { what: "All components of this checkout", line: "plumb serve --parameters ./parameters" },
    {
      what: "CVAT from a branch of a repository",
      line:
        "plumb serve cvat --source https://git.example.com/team/platform.git --ref main --parameters cvat.yaml",
    },
    {
      what: "In the cluster, behind an ingress and its OAuth2 Proxy",
      line:
        "plumb serve --listen 0.0.0.0:8080 --host plumb.example.com --trust-proxy 10.1.0.0/16 --operators platform-admins",
    },
  ],
  run: async (given, context) =>
    await (await import("./serve.ts")).runServe(optionsOf(given), context),
};

function optionsOf(given: Given): ServeOptions {
  const issuer = given.text("oidc-issuer");
  return {
    component: given.positionals[0],
    ...addressOf(given.text("listen") ?? ""),
    source: given.text("source"),
    ref: given.text("ref"),
    repository: given.text("repository"),
    path: given.text("path") ?? "manifests",
    set: given.texts("set"),
    parameters: given.text("parameters"),
    kubeconfig: given.text("kubeconfig"),
    context: given.text("context"),
    hosts: given.texts("host"),
    issuer: issuer === undefined
      ? undefined
      : { issuer: issuerOf(issuer), audience: given.text("oidc-audience") ?? "plumb" },
    proxies: given.texts("trust-proxy"),
    viewers: given.texts("viewers"),
    operators: given.texts("operators"),
    resolve: given.texts("resolve"),
    certificateAuthority: given.text("certificate-authority"),
    debug: given.flag("debug"),
  };
}

function issuerOf(text: string): string {
  if (URL.canParse(text)) return text;
  throw usage(`--oidc-issuer can't be ${text}`, "It is a URL, as the tokens say it in `iss`.");
}

function addressOf(text: string): { hostname: string; port: number } {
  const [, hostname, port] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (hostname !== undefined && Number(port) <= 65_535) return { hostname, port: Number(port) };
  throw usage(`--listen can't be ${text}`, "It is ADDRESS:PORT, such as 127.0.0.1:8080.");
}
