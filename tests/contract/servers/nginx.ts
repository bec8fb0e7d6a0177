/** A real nginx, configured from Ingress objects as ingress-nginx translates their annotations. */
import { join } from "node:path";
import { z } from "zod";
import { onPath } from "../../../lib/tools/lookup.ts";
import { freePort, until } from "./ports.ts";

/** A running server. */
export interface Nginx extends AsyncDisposable {
  /** Of HTTPS. */
  readonly port: number;
}

const ingressObject = z.object({
  metadata: z.object({
    name: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.object({
    rules: z.array(z.object({
      host: z.string(),
      http: z.object({
        paths: z.array(z.object({
          path: z.string(),
          pathType: z.enum(["Exact", "Prefix"]),
          backend: z.object({ service: z.object({ name: z.string() }) }),
        })),
      }),
    })),
  }),
});
type Ingress = z.output<typeof ingressObject>;

const PREFIX = "nginx.ingress.kubernetes.io/";

/** Where things are. */
export interface NginxOptions {
  readonly ingresses: readonly unknown[];
  /** Ports on loopback by the name of the Service. */
  readonly backends: Readonly<Record<string, number>>;
  readonly certificate: string;
  readonly key: string;
}

/** Starts a server on a free port of loopback. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const program = await onPath("nginx", Deno.env.get) ??
    await Deno.stat("/usr/sbin/nginx").then(() => "/usr/sbin/nginx", () => undefined);
  if (program === undefined) throw new Error("nginx is missing: install the package nginx");
  const folder = await Deno.makeTempDir({ prefix: "plumb-nginx-" });
  const port = freePort();
  await Deno.writeTextFile(join(folder, "tls.crt"), options.certificate);
  await Deno.writeTextFile(join(folder, "tls.key"), options.key);
  const file = join(folder, "nginx.conf");
  await Deno.writeTextFile(file, configurationOf(options, folder, port));
  const child = new Deno.Command(program, {
    args: [
      "-p",
      folder,
      "-c",
      file,
      "-e",
      join(folder, "error.log"),
      "-g",
      "daemon off; master_process off;",
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const errors = new Response(child.stderr).text();
  const end = async () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await child.status;
    await Deno.remove(folder, { recursive: true });
  };
  try {
    await until("nginx", async () => {
      try {
        using _ = await Deno.connect({ hostname: "127.0.0.1", port });
        return true;
      } catch {
        return false;
      }
    }, 10);
  } catch (error) {
    await end();
    throw new Error(`nginx does not come up: ${await errors}`, { cause: error });
  }
  return { port, [Symbol.asyncDispose]: end };
}

function configurationOf(options: NginxOptions, folder: string, port: number): string {
  const ingresses = options.ingresses.map((object) => ingressObject.parse(object));
  const host = ingresses[0]?.spec.rules[0]?.host ?? "localhost";
  const locations = ingresses.flatMap((ingress, number) =>
    locationsOf(ingress, number, options.backends, port)
  );
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
    `  ${name}_temp_path ${folder}/${name};`
  );
  return `load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_set_misc_module.so;
${Deno.uid() === 0 ? "user root;" : ""}
pid ${folder}/nginx.pid;
events { worker_connections 256; }
http {
  access_log off;
${temporary.join("\n")}
  server {
    listen 127.0.0.1:${port} ssl;
    server_name ${host};
    ssl_certificate ${folder}/tls.crt;
    ssl_certificate_key ${folder}/tls.key;
    set $empty "";
${locations.join("\n")}
  }
}
`;
}

/** The locations of one Ingress, and those of its authentication. */
function locationsOf(
  { metadata: { annotations }, spec }: Ingress,
  number: number,
  backends: NginxOptions["backends"],
  port: number,
): string[] {
  const annotation = (name: string) => annotations[PREFIX + name];
  const authUrl = annotation("auth-url");
  const auth = authUrl === undefined ? [] : [authLocation(authUrl, number, backends, port)];
  const signIn = annotation("auth-signin");
  const page = signIn === undefined ? [] : [
    `    location @sign-in-${number} { internal; add_header Set-Cookie $auth_cookie_${number}; return 302 ${signIn}; }`,
  ];
  const body = [
    ...(authUrl === undefined
      ? []
      : authLines(annotation("auth-response-headers") ?? "", number, signIn)),
    `client_max_body_size ${annotation("proxy-body-size") ?? "1m"};`,
    `proxy_send_timeout ${annotation("proxy-send-timeout") ?? "60"}s;`,
    `proxy_read_timeout ${annotation("proxy-read-timeout") ?? "60"}s;`,
    `proxy_buffer_size ${annotation("proxy-buffer-size") ?? "4k"};`,
    `proxy_buffers ${annotation("proxy-buffers-number") ?? "4"} ${
      annotation("proxy-buffer-size") ?? "4k"
    };`,
    "proxy_http_version 1.1;",
    "proxy_set_header Host $http_host;",
    "proxy_set_header X-Real-IP $remote_addr;",
    "proxy_set_header X-Forwarded-For $remote_addr;",
    "proxy_set_header X-Forwarded-Host $http_host;",
    "proxy_set_header X-Forwarded-Proto $scheme;",
    "proxy_set_header X-Forwarded-Scheme $scheme;",
    "proxy_set_header X-Scheme $scheme;",
  ];
  const locations = spec.rules.flatMap(({ http }) =>
    http.paths.flatMap(({ path, pathType, backend }) => {
      const lines = [
        ...body,
        `proxy_pass http://127.0.0.1:${backends[backend.service.name] ?? 1};`,
      ].map((line) => `      ${line}`).join("\n");
      return patternsOf(path, pathType).map((pattern) =>
        `    location ${pattern} {\n${lines}\n    }`
      );
    })
  );
  return [...auth, ...page, ...locations];
}

/** A prefix ends where a segment of the path does. */
function patternsOf(path: string, pathType: "Exact" | "Prefix"): string[] {
  if (pathType === "Exact") return [`= ${path}`];
  return path === "/" ? ["/"] : [`${path}/`, `= ${path}`];
}

function authLocation(
  url: string,
  number: number,
  backends: NginxOptions["backends"],
  port: number,
): string {
  // The host of a request leads to this server itself, the name of a Service to that.
  const [, scheme, host = "", path] = /^(https?):\/\/([^/]+)(\/.*)$/.exec(url) ?? [];
  const target = host === "$host"
    ? `${scheme}://127.0.0.1:${port}${path}`
    : `${scheme}://127.0.0.1:${backends[host.split(".")[0] ?? ""] ?? 1}${path}`;
  return `    location = /_external-auth-${number} {
      internal;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header Host ${host};
      proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
      proxy_set_header X-Original-Method $request_method;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Auth-Request-Redirect $request_uri;
      proxy_buffer_size 16k;
      proxy_buffers 4 16k;
      proxy_ssl_verify off;
      proxy_pass ${target};
    }`;
}

function authLines(headers: string, number: number, signIn: string | undefined): string[] {
  const names = headers.split(",").map((name) => name.trim()).filter((name) => name !== "");
  return [
    `auth_request /_external-auth-${number};`,
    `auth_request_set $auth_cookie_${number} $upstream_http_set_cookie;`,
    `add_header Set-Cookie $auth_cookie_${number};`,
    ...names.flatMap((name, index) => {
      const variable = `$auth_header_${number}_${index}`;
      return [
        `auth_request_set ${variable} $upstream_http_${name.toLowerCase().replaceAll("-", "_")};`,
        `proxy_set_header '${name}' ${variable};`,
      ];
    }),
    ...(signIn === undefined ? [] : [
      "set_escape_uri $escaped_request_uri $request_uri;",
      `error_page 401 = @sign-in-${number};`,
    ]),
  ];
}
