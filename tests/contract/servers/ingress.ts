/** Ingress objects as ingress-nginx translates them and their annotations for nginx. */
import { z } from "zod";
import { FORWARDED, locationOf, patternsOf } from "./nginx.ts";

const ingressObject = z.object({
  metadata: z.object({
    name: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.object({
    rules: z.array(z.object({
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

/** Ports on loopback by the name of the Service. */
export type Backends = Readonly<Record<string, number>>;

/** What ingress-nginx lets pass: it ignores other values with a warning in its log only. */
const VALID: Readonly<Record<string, RegExp>> = {
  "auth-url": /^[-._~a-zA-Z0-9/:, ?&=$]*$/,
  "auth-signin": /^[-._~a-zA-Z0-9/:, ?&=$]*$/,
  "auth-response-headers": /^[-_a-zA-Z0-9, ]*$/,
};

/** The locations of all Ingress objects, and those of their authentication. */
export function ingressLocations(
  objects: readonly unknown[],
  backends: Backends,
  port: number,
): string[] {
  return objects.flatMap((object, number) =>
    locationsOf(ingressObject.parse(object), number, backends, port)
  );
}

function locationsOf(
  { metadata: { annotations }, spec }: Ingress,
  number: number,
  backends: Backends,
  port: number,
): string[] {
  const annotation = (name: string) => {
    const value = annotations[PREFIX + name];
    return value !== undefined && (VALID[name]?.test(value) ?? true) ? value : undefined;
  };
  const authUrl = annotation("auth-url");
  const auth = authUrl === undefined ? [] : [authLocation(authUrl, number, backends, port)];
  const signIn = annotation("auth-signin");
  const page = signIn === undefined ? [] : [locationOf(`@sign-in-${number}`, [
    "internal;",
    `add_header Set-Cookie $auth_cookie_${number};`,
    `return 302 ${signIn};`,
  ])];
  const bufferSize = annotation("proxy-buffer-size") ?? "4k";
  const body = [
    ...(authUrl === undefined
      ? []
      : authLines(annotation("auth-response-headers") ?? "", number, signIn)),
    `client_max_body_size ${annotation("proxy-body-size") ?? "1m"};`,
    `proxy_send_timeout ${annotation("proxy-send-timeout") ?? "60"}s;`,
    `proxy_read_timeout ${annotation("proxy-read-timeout") ?? "60"}s;`,
    `proxy_buffer_size ${bufferSize};`,
    `proxy_buffers ${annotation("proxy-buffers-number") ?? "4"} ${bufferSize};`,
    ...FORWARDED,
    "proxy_set_header X-Forwarded-Scheme $scheme;",
    "proxy_set_header X-Scheme $scheme;",
  ];
  const locations = spec.rules.flatMap(({ http }) =>
    http.paths.flatMap(({ path, pathType, backend: { service } }) =>
      patternsOf(path, pathType).map((pattern) =>
        locationOf(pattern, [
          ...body,
          `proxy_pass http://127.0.0.1:${backends[service.name] ?? 1};`,
        ])
      )
    )
  );
  return [...auth, ...page, ...locations];
}

function authLocation(
  url: string,
  number: number,
  backends: Backends,
  port: number,
): string {
  // The host of a request leads to this server itself, the name of a Service to that.
  const [, scheme, host = "", path] = /^(https?):\/\/([^/]+)(\/.*)$/.exec(url) ?? [];
  const target = host === "$host"
    ? `${scheme}://127.0.0.1:${port}${path}`
    : `${scheme}://127.0.0.1:${backends[host.split(".")[0] ?? ""] ?? 1}${path}`;
  return locationOf(`= /_external-auth-${number}`, [
    "internal;",
    "proxy_pass_request_body off;",
    'proxy_set_header Content-Length "";',
    'proxy_set_header X-Forwarded-Proto "";',
    `proxy_set_header Host ${host};`,
    "proxy_set_header X-Original-URL $scheme://$http_host$request_uri;",
    "proxy_set_header X-Original-Method $request_method;",
    "proxy_set_header X-Real-IP $remote_addr;",
    "proxy_set_header X-Forwarded-For $remote_addr;",
    "proxy_set_header X-Auth-Request-Redirect $request_uri;",
    "proxy_buffer_size 16k;",
    "proxy_buffers 4 16k;",
    "proxy_ssl_verify off;",
    `proxy_pass ${target};`,
  ]);
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
