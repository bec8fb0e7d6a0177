/** The addresses that the server answers. @module */
import { type Context, Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { Asset, Page } from "./assets.ts";
import { ROUTES } from "./contract.ts";
import { openApi } from "./openapi.ts";

/** What the server answers from. */
export interface AppOptions {
  readonly page: Page;
  readonly version: string;
}

/** Makes the server's application; it opens no socket. */
export function createApp({ page, version }: AppOptions): Hono {
  const app = new Hono();
  app.use(secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", "data:"],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    crossOriginEmbedderPolicy: true,
    referrerPolicy: "no-referrer",
    strictTransportSecurity: false,
    xFrameOptions: "DENY",
  }));
  app.get(ROUTES.health.path, (context) => context.json({ status: "ok", version }));
  const description = openApi(version);
  app.get(ROUTES.openapi.path, (context) => context.json(description));
  app.get("/", (context) => answerAsset(context, page.document, "no-cache"));
  app.get("/assets/*", (context) => {
    const asset = page.assets.get(context.req.path.slice(1));
    if (asset === undefined) return context.notFound();
    return answerAsset(context, asset, "public, max-age=31536000, immutable");
  });
  return app;
}

function answerAsset(context: Context, { type, body, gzip }: Asset, keep: string): Response {
  const headers = { "content-type": type, "cache-control": keep, vary: "accept-encoding" };
  return /\bgzip\b/.test(context.req.header("accept-encoding") ?? "")
    ? context.body(gzip, 200, { ...headers, "content-encoding": "gzip" })
    : context.body(body, 200, headers);
}
