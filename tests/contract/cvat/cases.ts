/** What can break at CVAT, which check tells it, and what it says. */
import type { CvatWithOpa } from "./verified.ts";

/** All checks that one CVAT with its OPA can be asked. */
export const ALL = [
  "opa",
  "cvat-health",
  "cvat-task",
  "cvat-rules",
  "cvat-media",
  "cvat-export",
] as const;

/** What breaks, which check tells, and what it says. */
export interface Case {
  readonly name: string;
  readonly set: (stack: CvatWithOpa) => void | Promise<void>;
  readonly check: typeof ALL[number];
  readonly says: RegExp;
  readonly settings?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Of the stand-in. */
export const faults = (stack: CvatWithOpa): CvatWithOpa["cvat"]["faults"] => stack.cvat.faults;
/** Each by itself. */
export const CASES: readonly Case[] = [
  {
    name: "PostgreSQL is away",
    set: (stack) => void faults(stack).down.add("database"),
    check: "cvat-health",
    says: /DatabaseBackend: unavailable.*PostgreSQL is down/,
  },
  {
    name: "the media cache is away",
    set: (stack) => void faults(stack).down.add("media"),
    check: "cvat-health",
    says: /Cache backend: media: unexpected.*media cache is down/,
  },
  {
    name: "Valkey is away",
    set: (stack) => void faults(stack).down.add("cache"),
    check: "cvat-health",
    says: /Cache backend: default: unexpected.*Valkey is down/,
  },
  {
    name: "the disk is nearly full",
    set: (stack) => void faults(stack).down.add("disk"),
    check: "cvat-health",
    says: /DiskUsage: warning.*node's disk is nearly full/,
  },
  {
    name: "another release answers",
    set: (stack) => void (faults(stack).version = "2.1.0"),
    check: "cvat-health",
    says: /CVAT 2\.1\.0 answers.*not 2\.64\.0.*roll-out/,
  },
  {
    name: "the public address is lost on the way",
    set: (stack) => void (faults(stack).forgetsHost = true),
    check: "cvat-health",
    says: /believes that it is at http:\/\/cvat-backend:8080.*X-Forwarded-Proto/,
  },
  {
    name: "OPA is away",
    set: (stack) => stack.stopOpa(),
    check: "opa",
    says: /OPA can't be reached.*is down/,
  },
  {
    name: "a decision is another one",
    set: () => {},
    check: "opa",
    says: /tasks\/allow answers true where false is right.*stale/,
    settings: {
      opa: {
        decisions: [
          { path: "tasks/allow", input: { auth: { user: { privilege: "admin" } } }, result: false },
          { path: "tasks/allow", input: {}, result: false },
        ],
      },
    },
  },
  {
    name: "the rule of the README, which does not exist",
    set: () => {},
    check: "opa",
    says: /cvat\/allow has no result.*no such rule/,
    settings: {
      opa: {
        decisions: [
          { path: "cvat/allow", input: {}, result: true },
          { path: "cvat/allow", input: {}, result: false },
        ],
      },
    },
  },
  {
    name: "another bundle",
    set: () => {},
    check: "opa",
    says: /bundle other is not there, but cvat/,
    settings: { opa: { bundle: "other" } },
  },
  {
    name: "a wrong password",
    set: () => {},
    check: "cvat-task",
    says: /401.*password in the Secret/,
    settings: { "cvat-task": { account: { username: "checker", password: "wrong" } } },
  },
  {
    name: "an account that may not make tasks",
    set: () => {},
    check: "cvat-task",
    says: /403.*rules do not let this account/,
    settings: { "cvat-task": { account: { username: "worker", password: "worker-password" } } },
  },
  {
    name: "an outsider who sees everything",
    set: () => {},
    check: "cvat-task",
    says: /Another account is answered 200/,
    settings: { "cvat-task": { outsider: { username: "admin", password: "admin-password" } } },
  },
  {
    name: "labels lose their attributes",
    set: (stack) => void (faults(stack).losesAttributes = true),
    check: "cvat-task",
    says: /label with attributes was not kept/,
  },
  {
    name: "an API that does not ask for decisions",
    set: (stack) => void (faults(stack).permits = true),
    check: "cvat-task",
    says: /Another account is answered 200.*rules let everybody in/,
  },
  {
    name: "an API that permits what is denied, but for looking",
    set: (stack) => void (faults(stack).permits = "delete"),
    check: "cvat-rules",
    says: /OPA denies to delete a task as the other account, but CVAT answers 204.*another OPA/,
  },
  {
    name: "an API that refuses what is allowed",
    set: (stack) => void (faults(stack).refuses = "other"),
    check: "cvat-rules",
    says: /OPA allows to create a task as the other account, but CVAT answers 403.*stale bundle/,
  },
  {
    name: "nobody serves imports",
    set: (stack) => void faults(stack).unserved.add("import"),
    check: "cvat-media",
    says: /still queued.*No worker serves the queue import/,
  },
  {
    name: "nobody makes chunks",
    set: (stack) => void faults(stack).unserved.add("chunks"),
    check: "cvat-media",
    says: /answered 429.*chunks worker is away/,
  },
  {
    name: "Valkey evicts requests",
    set: (stack) => void (faults(stack).losesRequests = true),
    check: "cvat-media",
    says: /vanished.*it evicts/,
  },
  {
    name: "the worker was killed",
    set: (stack) => {
      faults(stack).workerSays =
        "rq: Work-horse terminated unexpectedly; waitpid returned 9 (signal 9)";
    },
    check: "cvat-media",
    says: /import worker failed.*killed, for memory/,
  },
  {
    name: "502 while uploading",
    set: (stack) => void (faults(stack).breaksUploads = true),
    check: "cvat-media",
    says: /502.*broke off at the ingress/,
  },
  {
    name: "a proxy with a low limit on bodies",
    set: (stack) => void (faults(stack).bodyLimit = 2_000),
    check: "cvat-media",
    says: /413.*proxy-body-size/,
  },
  {
    name: "scaled frames",
    set: (stack) => void (faults(stack).scalesFrames = true),
    check: "cvat-media",
    says: /Frame \d is 48×32, not 96×64/,
  },
  {
    name: "mixed frames",
    set: (stack) => void (faults(stack).mixesFrames = true),
    check: "cvat-media",
    says: /is not the picture that was sent.*mixed up/,
  },
  {
    name: "dropped shapes",
    set: (stack) => void (faults(stack).dropsShapes = true),
    check: "cvat-media",
    says: /not read back as they were written: 4 shapes instead of 5/,
  },
  {
    name: "nobody serves exports",
    set: (stack) => void faults(stack).unserved.add("export"),
    check: "cvat-export",
    says: /still queued.*No worker serves the queue export/,
  },
  {
    name: "wrong coordinates",
    set: (stack) => void (faults(stack).movesBoxes = true),
    check: "cvat-export",
    says: /is not what was annotated: no box car on 1 at 5,6,30,25/,
  },
  {
    name: "key frames that are lost",
    set: (stack) => void (faults(stack).losesKeyFrames = true),
    check: "cvat-export",
    says: /CVAT for video 1\.1 is not what was annotated: .*key frame/,
  },
  {
    name: "a truncated archive",
    set: (stack) => void (faults(stack).cutsArchives = true),
    check: "cvat-export",
    says: /can't be opened.*cut off/,
  },
  {
    name: "an import that changes nothing",
    set: (stack) => void (faults(stack).importsNothing = true),
    check: "cvat-export",
    says: /After an import the annotations are not the same: 0 tags instead of 1/,
  },
  {
    name: "a format that is unknown",
    set: () => {},
    check: "cvat-export",
    says: /400.*Unknown format/,
    settings: { "cvat-export": { formats: ["KITTI 9.9"] } },
  },
];
