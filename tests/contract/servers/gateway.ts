/** HTTPRoutes of the Gateway API, carried by nginx as the API's description says. */
import { z } from "zod";
import type { Backends } from "./ingress.ts";
import { FORWARDED, locationOf, patternsOf } from "./nginx.ts";

const filter = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("RequestHeaderModifier"),
    requestHeaderModifier: z.strictObject({ remove: z.array(z.string()) }),
  }),
  z.strictObject({
    type: z.literal("URLRewrite"),
    urlRewrite: z.strictObject({
      path: z.strictObject({ type: z.literal("ReplaceFullPath"), replaceFullPath: z.string() }),
    }),
  }),
]);
type Filter = z.output<typeof filter>;

const route = z.object({
  spec: z.object({
    rules: z.array(z.strictObject({
      matches: z.array(z.strictObject({
        path: z.strictObject({ type: z.enum(["Exact", "PathPrefix"]), value: z.string() }),
      })),
      filters: z.array(filter).default([]),
      timeouts: z.strictObject({ request: z.string() }).optional(),
      backendRefs: z.tuple([z.strictObject({ name: z.string(), port: z.int() })]),
    })),
  }),
});

/** The locations of all routes. */
export function gatewayLocations(objects: readonly unknown[], backends: Backends): string[] {
  const rules = objects.flatMap((object) => route.parse(object).spec.rules);
  return rules.flatMap(({ matches, filters, timeouts, backendRefs: [{ name }] }) => {
    const lines = [
      "proxy_buffer_size 16k;",
      "proxy_buffers 4 16k;",
      `proxy_read_timeout ${timeouts?.request ?? "60s"};`,
      ...FORWARDED,
      ...filters.flatMap(linesOf),
      `proxy_pass http://127.0.0.1:${backends[name] ?? 1};`,
    ];
    return matches.flatMap(({ path }) =>
      patternsOf(path.value, path.type).map((pattern) => locationOf(pattern, lines))
    );
  });
}

function linesOf(given: Filter): string[] {
  return given.type === "URLRewrite"
    ? [`rewrite ^ ${given.urlRewrite.path.replaceFullPath} break;`]
    : given.requestHeaderModifier.remove.map((name) => `proxy_set_header '${name}' "";`);
}
