/** The check `cvat-events`: an event that is posted to CVAT arrives in ClickHouse. @module */
import { z } from "zod";
import { CheckFailure, defineCheck } from "../check.ts";
import type { Query } from "../checks/clickhouse.ts";
import { pause, refused } from "./api.ts";
import { apiOf, cvatSettings } from "./settings.ts";

const settings = cvatSettings.omit({ outsider: true, patience: true }).extend({
  table: z.string().regex(/^\w+\.\w+$/, "must be DATABASE.TABLE"),
  patience: z.int().default(40).describe(
    "Seconds until an event must be there; Vector sends every ten.",
  ),
});

/** CVAT answers 201 whether or not anything takes its events, so only the row is proof. */
export const cvatEventsCheck = defineCheck({
  id: "cvat-events",
  title: "Events",
  proves: "An event takes the whole way from CVAT through Vector into ClickHouse.",
  needs: ["cvat-health", "clickhouse"],
  deadline: 90,
  settings,
  async run(given, context) {
    const query = z.custom<Query>((value) => typeof value === "function").parse(
      context.output("clickhouse"),
    );
    const api = await apiOf(given, context);
    const now = new Date().toISOString();
    const event = { scope: "click:element", obj_name: context.marker, timestamp: now };
    const started = performance.now();
    const answer = await api.ask("/api/events", api.json({ events: [event], timestamp: now }));
    if (answer.status !== 201) throw refused("POST /api/events", 201, answer);
    const sql = `SELECT count() FROM ${given.table} WHERE obj_name = '${context.marker}'`;
    while (Number(await query(sql)) === 0) {
      if (performance.now() - started > given.patience * 1000) {
        throw new CheckFailure(`The event is not in ${given.table} after ${given.patience} s`, {
          probably:
            "Vector is away or can't log in to ClickHouse, or CVAT has no DJANGO_LOG_SERVER_HOST: it then throws events away.",
          hint: "kubectl logs deployment/cvat-vector",
        });
      }
      await pause(500, context.signal);
    }
    context.evidence("arrived after", `${((performance.now() - started) / 1000).toFixed(1)} s`);
  },
});
