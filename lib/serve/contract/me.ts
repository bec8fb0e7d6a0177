/** Who asks, and what he may. @module */
import { z } from "zod";

/** viewer: reads. operator: acts. */
export const role = z.enum(["viewer", "operator"]).meta({ id: "Role" });
export type Role = z.output<typeof role>;

export const me = z.object({
  name: z.string(),
  role,
  /** By what: nothing (loopback only), the token of the printed address, a bearer token, or the proxy in front. */
  by: z.enum(["nothing", "start-token", "bearer", "proxy"]),
  groups: z.array(z.string()),
  /** What to do to become an operator; absent for operators. */
  hint: z.string().optional(),
  /** To be sent with each POST and DELETE as the header `x-plumb-csrf`. */
  csrf: z.string(),
  /** Of the server. */
  version: z.string(),
}).meta({ id: "Me" });
export type Me = z.output<typeof me>;

/** Exchanges the token of the printed address (`#token=…`) for a cookie. */
export const session = z.strictObject({ token: z.string().min(1).max(200) }).meta({
  id: "Session",
});
export type Session = z.output<typeof session>;

export const healthz = z.object({ status: z.literal("ok"), version: z.string() })
  .meta({ id: "Healthz" });
