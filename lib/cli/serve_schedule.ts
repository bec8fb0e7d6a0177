/** When a component is reconciled by itself, by the CronJobs beside the inventories. @module */
import { Cron } from "croner";
import { z } from "zod";
import { type Cluster, ClusterError, CRON_JOBS } from "../cluster/mod.ts";
import { SYSTEM_NAMESPACE } from "../names.ts";
import type { Look } from "../serve/mod.ts";

const words = z.array(z.string()).default([]);
const cronJob = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    schedule: z.string(),
    timeZone: z.string().optional(),
    suspend: z.boolean().default(false),
    jobTemplate: z.object({
      spec: z.object({
        template: z.object({
          spec: z.object({ containers: z.array(z.object({ command: words, args: words })) }),
        }),
      }),
    }),
  }),
  status: z.object({ lastScheduleTime: z.string().optional() }).default({}),
});
type CronJob = z.output<typeof cronJob>;

/** The schedule of a component; undefined without a CronJob for it, or where none may be read. */
export async function scheduleOf(cluster: Cluster, component: string): Promise<Look["schedule"]> {
  const found = (await listCronJobs(cluster)).find((job) => reconciles(job, component));
  if (found === undefined) return undefined;
  const { metadata, spec: { schedule, timeZone, suspend }, status } = found;
  const next = suspend ? null : nextOf(schedule, timeZone);
  return {
    cron: schedule,
    job: `${SYSTEM_NAMESPACE}/${metadata.name}`,
    suspended: suspend,
    ...(next === null ? {} : { next: next.toISOString() }),
    ...(status.lastScheduleTime === undefined
      ? {}
      : { last: new Date(status.lastScheduleTime).toISOString() }),
  };
}

async function listCronJobs(cluster: Cluster): Promise<CronJob[]> {
  try {
    const objects = await cluster.list(CRON_JOBS, { namespace: SYSTEM_NAMESPACE });
    return objects.flatMap((object) => cronJob.safeParse(object).data ?? []);
  } catch (error) {
    if (error instanceof ClusterError && error.isRefusal) return [];
    throw error;
  }
}

/** Whether it runs `reconcile` for the component. */
function reconciles({ spec }: CronJob, component: string): boolean {
  return spec.jobTemplate.spec.template.spec.containers.some(({ command, args }) => {
    const line = [...command, ...args];
    const at = line.indexOf("reconcile");
    return at >= 0 && line.slice(at + 1).includes(component);
  });
}

/** As the cluster's controller reckons it: without a time zone, in that of the controller, which is UTC. */
function nextOf(schedule: string, timeZone = "UTC"): Date | null {
  try {
    return new Cron(schedule, { timezone: timeZone, paused: true }).nextRun();
  } catch {
    return null;
  }
}
