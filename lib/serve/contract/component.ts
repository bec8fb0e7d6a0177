/** Components: how each of them is, and what one of them consists of. @module */
import { z } from "zod";
import {
  componentName,
  counts,
  healthStatus,
  objectReference,
  problem,
  revision,
  time,
} from "./common.ts";
import { changeReport } from "./event.ts";
import { actionName, runResult } from "./run.ts";

/** Whether the cluster is as Git says. */
export const sync = z.object({
  /**
   * drifted: the cluster was changed since the last deploy. behind: Git has moved since. not-deployed: never was.
   * gone: deployed once, and no longer in Git. elsewhere: deployed from a source that this server does not read.
   * unknown: can't be told, and `message` says why. Of the last three, the rest is what the cluster's records say.
   */
  state: z.enum(["in-sync", "drifted", "behind", "not-deployed", "gone", "elsewhere", "unknown"]),
  counts: counts.optional(),
  /** In words. */
  message: z.string(),
  /** What to do about it. */
  hint: z.string().optional(),
  /** When this was found to be so. */
  since: time,
}).meta({ id: "Sync" });

/** How all objects of a component are, taken together. */
export const componentHealth = z.object({
  status: healthStatus,
  /** The first thing that is wrong, or how many objects are well. */
  message: z.string(),
  /** How many objects are in which state. */
  objects: z.record(healthStatus, z.int()),
}).meta({ id: "ComponentHealth" });

/** How a verification ended. */
export const verdict = z.object({
  passed: z.int(),
  failed: z.int(),
  notJudged: z.int(),
  time,
  seconds: z.number().optional(),
  /** Who ran it, and where. */
  by: z.string().optional(),
  /** The run of this server that did it. */
  run: z.string().optional(),
}).meta({ id: "Verdict" });

/** How a run ended, as the cluster remembers it. */
export const lastRun = z.object({
  action: z.string(),
  outcome: runResult,
  message: z.string(),
  /** Who, and where the run was. */
  by: z.string(),
  time,
}).meta({ id: "LastRun" });

/** Reconciling stands still, and why. */
export const suspension = z.object({
  reason: z.string(),
  by: z.string(),
  since: time,
  /** When it ends by itself. */
  until: time.optional(),
}).meta({ id: "Suspension" });

/** When the component is reconciled by itself. */
export const schedule = z.object({
  /** As in crontab. */
  cron: z.string(),
  next: time.optional(),
  last: time.optional(),
  /** The CronJob that does it: `plumb-system/reconcile-cvat`. */
  job: z.string(),
  /** Whether the CronJob itself is suspended. */
  suspended: z.boolean(),
}).meta({ id: "Schedule" });

/** Somebody is at work on a component. */
export const holder = z.object({
  /** Who, in words: a person, or a run elsewhere as `HOST/PID/…`. */
  by: z.string(),
  since: time.optional(),
  action: actionName.optional(),
  /** The run, if this server does it. */
  run: z.string().optional(),
}).meta({ id: "Holder" });

/** One row of the list of components. */
export const component = z.object({
  name: componentName,
  namespace: z.string(),
  description: z.string().optional(),
  /** What Git says now, and what the cluster was last made to be. */
  revision: z.object({ git: revision.optional(), cluster: revision.optional() }),
  sync,
  health: componentHealth,
  /** The last run that was no verification alone, wherever it ran. */
  lastRun: lastRun.optional(),
  verified: verdict.optional(),
  /** What to do about it, as `plumb status` says it: commands stand in backticks. */
  next: z.object({ words: z.string(), needed: z.boolean() }).optional(),
  suspended: suspension.optional(),
  schedule: schedule.optional(),
  /** Who holds the component's lease, or does something with it here. */
  holder: holder.optional(),
  /** What can be done with it now; `never` says why not, by action. */
  actions: z.array(actionName),
  never: z.partialRecord(actionName, z.string()),
  /** Why the component can't be read. */
  error: problem.optional(),
  /** Changes whenever anything of {@link componentDetail} does. */
  version: z.string(),
}).meta({ id: "Component" });
export type Component = z.output<typeof component>;

export const componentList = z.object({
  components: z.array(component),
  cluster: z.object({ server: z.string(), context: z.string(), error: problem.optional() }),
  /** Where components are read from. */
  source: z.object({
    url: z.string(),
    ref: z.string().optional(),
    path: z.string(),
    error: problem.optional(),
  }),
  observed: time,
}).meta({ id: "ComponentList" });
export type ComponentList = z.output<typeof componentList>;

/** One object of a component. */
export const componentObject = z.object({
  /** Unique: `GROUP/KIND/NAMESPACE/NAME`. */
  key: z.string(),
  object: objectReference,
  /** 1-based. Absent for what will be deleted. */
  wave: z.int().optional(),
  /** Keys of the objects that must be ready first, by annotation or by their nature. */
  dependsOn: z.array(z.string()),
  health: z.object({ status: healthStatus, message: z.string() }),
  exists: z.boolean(),
  /** Where Git says so, relative to the component's folder. */
  file: z.string().optional(),
  line: z.int().optional(),
  /** Field managers that hold any of its fields, those of its status aside. */
  owners: z.array(z.string()),
  /** How it differs from Git; absent when it does not. */
  change: changeReport.optional(),
  /** Whether it is a workload, which has pods with logs. */
  pods: z.boolean(),
}).meta({ id: "ComponentObject" });
export type ComponentObject = z.output<typeof componentObject>;

/** A service that the component needs. */
export const requirement = z.object({
  name: z.string(),
  service: z.string(),
  port: z.int(),
  version: z.string().optional(),
  /** Absent while nobody has looked yet. */
  met: z.boolean().optional(),
  message: z.string().optional(),
  hint: z.string().optional(),
}).meta({ id: "Requirement" });

/** A parameter, with its value unless that is secret. */
export const parameter = z.object({
  name: z.string(),
  type: z.string(),
  description: z.string(),
  required: z.boolean(),
  secret: z.boolean(),
  values: z.array(z.string()).optional(),
  default: z.union([z.string(), z.number(), z.boolean()]).optional(),
  /** `(secret)` for secret ones; absent when there is none. */
  value: z.string().optional(),
  /** Where the value comes from. */
  origin: z.enum(["default", "given"]).optional(),
}).meta({ id: "Parameter" });

export const componentDetail = z.object({
  component,
  objects: z.array(componentObject),
  /** How many waves a deploy has. */
  waves: z.int(),
  requirements: z.array(requirement),
  parameters: z.array(parameter),
}).meta({ id: "ComponentDetail" });
export type ComponentDetail = z.output<typeof componentDetail>;

/** Both sides of one object as YAML, secrets masked, without what the cluster alone writes. */
export const objectTexts = z.object({
  object: objectReference,
  /** Absent when it is not in Git (any more). */
  desired: z.string().optional(),
  /** Absent when it does not live. */
  live: z.string().optional(),
}).meta({ id: "ObjectTexts" });
export type ObjectTexts = z.output<typeof objectTexts>;

/** One line of a component's history, the newest first. */
export const historyEntry = z.object({
  id: z.string(),
  action: z.string(),
  started: time,
  seconds: z.number(),
  outcome: runResult,
  message: z.string(),
  /** Empty where none is known. */
  revision: z.string(),
  /** First line of the commit's message. */
  subject: z.string().optional(),
  /** Who, and where the run was. */
  by: z.string(),
  /** How many objects each action changed. */
  counts: counts.optional(),
  /** Why it failed: reasons, events, last log lines. */
  evidence: z.array(z.string()).readonly(),
  verified: verdict.optional(),
  /** Address of the pull request that came of it. */
  proposal: z.string().optional(),
  /** The run of this server, whose events can still be read. */
  run: z.string().optional(),
}).meta({ id: "HistoryEntry" });
export type HistoryEntry = z.output<typeof historyEntry>;

export const history = z.object({ entries: z.array(historyEntry) }).meta({ id: "History" });
export type History = z.output<typeof history>;
