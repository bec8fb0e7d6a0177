/**
 * How to reach an API server and as whom: from a kubeconfig, or from the service account inside a cluster.
 *
 * Certificates and tokens are read here, since that takes no time; everything else that a kubeconfig can say
 * (exec plugins, authentication providers) is left to the official client, which is imported only then.
 * @module
 */
import { Buffer } from "node:buffer";
import { dirname, isAbsolute, join } from "node:path";
import { messageOf } from "../errors.ts";
import { ClusterError } from "./errors.ts";
import {
  type ClusterEntry,
  findEntry,
  type KubeconfigFile,
  readKubeconfig,
  type UserEntry,
} from "./kubeconfig.ts";

/** Variables of the environment that say where the cluster is. */
export interface ClusterEnvironment {
  readonly KUBECONFIG?: string | undefined;
  readonly HOME?: string | undefined;
  readonly KUBERNETES_SERVICE_HOST?: string | undefined;
  readonly KUBERNETES_SERVICE_PORT?: string | undefined;
}

/** Which cluster to connect to. */
export interface ConnectOptions {
  /** A file; otherwise `KUBECONFIG`, `~/.kube/config`, or the service account inside a cluster. */
  readonly kubeconfig?: string;
  /** A context of the kubeconfig; otherwise its current one. */
  readonly context?: string;
  readonly environment: ClusterEnvironment;
  readonly signal?: AbortSignal | undefined;
  /** How long failures that may pass are retried, in milliseconds. */
  readonly patience?: number;
}

/** What TLS needs, as `Deno.createHttpClient` takes it. */
export interface Tls {
  readonly caCerts?: string[];
  readonly cert?: string;
  readonly key?: string;
  readonly proxy?: Deno.Proxy;
}

/** An address and an identity. */
export interface Credentials {
  /** Without a trailing slash. */
  readonly server: string;
  /** Name of the context, for people. */
  readonly context: string;
  /** Default namespace of the context. */
  readonly namespace: string;
  /** Value of the `Authorization` header, if there is one. */
  authorization(): Promise<string | undefined>;
  tls(): Promise<Tls>;
  /** They were refused: the next request gets new ones, where that is possible. */
  expire(): void;
  /** The files that were read, for the official client. */
  readonly files: readonly string[];
}

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
/** Tokens of service accounts are replaced on disk before they expire. */
const TOKEN_SECONDS = 60;

/**
 * Finds out where the cluster is and who asks.
 *
 * @throws {ClusterError} `kubeconfig` when there is none, or it can't be used.
 */
export async function readCredentials(options: ConnectOptions): Promise<Credentials> {
  const { environment } = options;
  const named = options.kubeconfig === undefined
    ? environment.KUBECONFIG?.split(":").filter((file) => file !== "")
    : [options.kubeconfig];
  const files = named ??
    (environment.HOME === undefined ? [] : [join(environment.HOME, ".kube/config")]);
  const found = (await Promise.all(files.map(readKubeconfig))).filter((file) => file !== undefined);
  if (found.length > 0) return fromKubeconfig(found, options);
  if (environment.KUBERNETES_SERVICE_HOST !== undefined && named === undefined) {
    return await fromServiceAccount(environment);
  }
  throw new ClusterError(
    "kubeconfig",
    `There is no kubeconfig at ${files.join(", ") || "~/.kube/config"}`,
    {
      hint:
        "Name one with --kubeconfig or KUBECONFIG, or start a cluster to try with `deno task sandbox`.",
    },
  );
}

function fromKubeconfig(
  files: readonly KubeconfigFile[],
  options: ConnectOptions,
): Credentials {
  const wanted = options.context ??
    files.map(({ content }) => content["current-context"]).find((context) => context);
  const context = findEntry(
    files,
    wanted,
    "context",
    ({ contexts }) => contexts?.map((item) => [item.name, item.context]),
  );
  const cluster = findEntry(
    files,
    context.entry.cluster,
    "cluster",
    ({ clusters }) => clusters?.map((item) => [item.name, item.cluster]),
  );
  const user = context.entry.user
    ? findEntry(
      files,
      context.entry.user,
      "user",
      ({ users }) => users?.map((item) => [item.name, item.user]),
    )
    : undefined;
  refuseUnsupported(cluster.entry, cluster.path);
  const base = {
    server: cluster.entry.server.replace(/\/+$/, ""),
    context: wanted ?? "",
    namespace: context.entry.namespace ?? "default",
    files: files.map(({ path }) => path),
  };
  const entry = user?.entry ?? {};
  if (needsOfficialClient(entry)) return official(base, cluster.entry, cluster.path, options);
  return simple(base, {
    cluster: cluster.entry,
    clusterFile: cluster.path,
    user: entry,
    userFile: user?.path ?? "",
  });
}

function refuseUnsupported(cluster: ClusterEntry, file: string): void {
  if (cluster["insecure-skip-tls-verify"]) {
    throw new ClusterError("kubeconfig", "insecure-skip-tls-verify is not supported", {
      place: { file },
      hint: "Put the cluster's CA into certificate-authority-data.",
    });
  }
  if (cluster["tls-server-name"] !== undefined) {
    throw new ClusterError("kubeconfig", "tls-server-name is not supported", {
      place: { file },
      hint: "Use a server address that the certificate names.",
    });
  }
}

function needsOfficialClient(user: Partial<UserEntry>): boolean {
  return user.exec !== undefined || user["auth-provider"] !== undefined;
}

type Base = Pick<Credentials, "server" | "context" | "namespace" | "files">;

/** Certificates, tokens and passwords, as they stand in the kubeconfig or in files beside it. */
function simple(
  base: Base,
  { cluster, clusterFile, user, userFile }: {
    readonly cluster: ClusterEntry;
    readonly clusterFile: string;
    readonly user: Partial<UserEntry>;
    readonly userFile: string;
  },
): Credentials {
  const { token, tokenFile, username, password } = user;
  const fromFile = tokenFile === undefined ? undefined : cachedToken(resolve(tokenFile, userFile));
  return {
    ...base,
    expire: () => fromFile?.forget(),
    async authorization() {
      if (fromFile !== undefined) return `Bearer ${await fromFile.read()}`;
      if (token !== undefined) return `Bearer ${token}`;
      if (username === undefined) return undefined;
      return `Basic ${Buffer.from(`${username}:${password ?? ""}`).toString("base64")}`;
    },
    async tls() {
      const [ca, cert, key] = await Promise.all([
        material(
          cluster["certificate-authority-data"],
          cluster["certificate-authority"],
          clusterFile,
        ),
        material(user["client-certificate-data"], user["client-certificate"], userFile),
        material(user["client-key-data"], user["client-key"], userFile),
      ]);
      return {
        ...(ca === undefined ? {} : { caCerts: [ca] }),
        ...(cert === undefined || key === undefined ? {} : { cert, key }),
        ...proxyOf(cluster),
      };
    },
  };
}

function proxyOf(cluster: ClusterEntry): { proxy?: Deno.Proxy } {
  const url = cluster["proxy-url"];
  return url === undefined || url === "" ? {} : { proxy: { url } };
}

/** PEM from base64 data or from a file that is relative to the kubeconfig. */
async function material(
  data: string | undefined,
  file: string | undefined,
  kubeconfig: string,
): Promise<string | undefined> {
  if (data !== undefined && data !== "") return Buffer.from(data, "base64").toString();
  return file === undefined || file === "" ? undefined : await readFile(resolve(file, kubeconfig));
}

function resolve(file: string, kubeconfig: string): string {
  return isAbsolute(file) ? file : join(dirname(kubeconfig), file);
}

async function readFile(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new ClusterError(
      "kubeconfig",
      `A file that the kubeconfig names can't be read: ${messageOf(cause)}`,
      {
        place: { file: path },
        cause,
      },
    );
  }
}

/** A token from a file that is replaced from time to time. */
function cachedToken(path: string): { read(): Promise<string>; forget(): void } {
  let token: Promise<string> | undefined;
  let until = 0;
  return {
    read() {
      if (token === undefined || Date.now() > until) {
        token = readFile(path).then((text) => text.trim());
        until = Date.now() + TOKEN_SECONDS * 1000;
      }
      return token;
    },
    forget: () => void (token = undefined),
  };
}

async function fromServiceAccount(environment: ClusterEnvironment): Promise<Credentials> {
  const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "443" } = environment;
  const token = cachedToken(`${SERVICE_ACCOUNT}/token`);
  const namespace = await readFile(`${SERVICE_ACCOUNT}/namespace`);
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    context: "in-cluster",
    namespace: namespace.trim(),
    files: [],
    authorization: async () => `Bearer ${await token.read()}`,
    tls: async () => ({ caCerts: [await readFile(`${SERVICE_ACCOUNT}/ca.crt`)] }),
    expire: () => token.forget(),
  };
}

/** Exec plugins and authentication providers, through the official client. */
function official(
  base: Base,
  cluster: ClusterEntry,
  file: string,
  options: ConnectOptions,
): Credentials {
  const ask = async () => {
    const { KubeConfig } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    if (options.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(options.kubeconfig);
    if (options.context !== undefined) config.setCurrentContext(options.context);
    const answer: { headers?: Record<string, unknown>; cert?: unknown; key?: unknown } = {};
    try {
      await config.applyToHTTPSOptions(answer as Parameters<typeof config.applyToHTTPSOptions>[0]);
    } catch (cause) {
      throw new ClusterError(
        "unauthorized",
        `The kubeconfig's login program failed: ${messageOf(cause)}`,
        {
          place: { file },
          hint: "Run `kubectl get --raw /version` with the same kubeconfig to see what it says.",
          cause,
        },
      );
    }
    return answer;
  };
  let answer: ReturnType<typeof ask> | undefined;
  const asText = (value: unknown) => value === undefined ? undefined : String(value);
  return {
    ...base,
    expire: () => void (answer = undefined),
    async authorization() {
      const { headers = {} } = await (answer ??= ask());
      return asText(headers["Authorization"] ?? headers["authorization"]);
    },
    async tls() {
      const { cert, key } = await (answer ??= ask());
      const ca = await material(
        cluster["certificate-authority-data"],
        cluster["certificate-authority"],
        file,
      );
      return {
        ...(ca === undefined ? {} : { caCerts: [ca] }),
        ...(cert === undefined || key === undefined
          ? {}
          : { cert: String(cert), key: String(key) }),
        ...proxyOf(cluster),
      };
    },
  };
}
