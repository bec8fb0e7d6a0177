/** A real nginx, which carries the requests for one host. */
import { join } from "node:path";
import { onPath } from "../../../lib/tools/lookup.ts";
import { freePort, until } from "./ports.ts";

/** A running server. */
export interface Nginx extends AsyncDisposable {
  /** Of HTTPS. */
  readonly port: number;
}

/** What it serves. */
export interface NginxOptions {
  readonly host: string;
  /** Blocks of its configuration; the server's own port is given. */
  readonly locations: (port: number) => readonly string[];
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

function configurationOf(
  { host, locations }: NginxOptions,
  folder: string,
  port: number,
): string {
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
${locations(port).join("\n")}
  }
}
`;
}

/** What every proxy tells its backends about a request. */
export const FORWARDED: readonly string[] = [
  "proxy_http_version 1.1;",
  "proxy_set_header Host $http_host;",
  "proxy_set_header X-Real-IP $remote_addr;",
  "proxy_set_header X-Forwarded-For $remote_addr;",
  "proxy_set_header X-Forwarded-Host $http_host;",
  "proxy_set_header X-Forwarded-Proto $scheme;",
];

/** The patterns of a path of Kubernetes: a prefix ends where a segment of the path does. */
export function patternsOf(path: string, type: string): string[] {
  if (type === "Exact") return [`= ${path}`];
  return path === "/" ? ["/"] : [`${path}/`, `= ${path}`];
}

/** A location with its lines. */
export function locationOf(pattern: string, lines: readonly string[]): string {
  return [`    location ${pattern} {`, ...lines.map((line) => `      ${line}`), "    }"].join("\n");
}
