/** Every address of the API, as data: the server registers its handlers by it, and its documentation is made of it. @module */
import { z } from "zod";
import { componentName } from "./common.ts";
import { componentDetail, componentList, history, objectTexts } from "./component.ts";
import { liveMessage } from "./live.ts";
import { logCommand, logMessage, logQuery, pods } from "./logs.ts";
import { healthz, me, type Role, session } from "./me.ts";
import { actionRequest, confirmation, run, runList, runMessage } from "./run.ts";
import { board } from "./verify.ts";

/** One address and method. */
export interface Route {
  readonly method: "get" | "post" | "delete";
  /** `{name}` stands for a part. */
  readonly path: string;
  readonly summary: string;
  /** Who may: anybody at all, or who has this role. */
  readonly role: "anyone" | Role;
  readonly parameters?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Status of a success. */
  readonly status: 200 | 201 | 202 | 204 | 101;
  /** Body of a success; of streams, one message. */
  readonly answer?: z.ZodType;
  /** json unless said otherwise. events: Server-Sent Events, each one message as JSON. */
  readonly form?: "events" | "websocket" | "text";
  /** For a WebSocket: what the client sends. */
  readonly command?: z.ZodType;
  /** What can go wrong beside what always can (400, 401, 403, 404, 421, 429, 500, 503). */
  readonly failures?: Readonly<Record<number, string>>;
}

const ofComponent = z.object({ name: componentName });
const ofRun = z.object({ id: z.string().max(64) });
/** The position in a stream, for who can't set the header `Last-Event-ID`, which wins over it. */
const from = z.object({ after: z.string().max(64).optional() });

/** All addresses. */
export const ROUTES = {
  health: {
    method: "get",
    path: "/healthz",
    summary: "Whether the server is up",
    role: "anyone",
    status: 200,
    answer: healthz,
  },
  openapi: {
    method: "get",
    path: "/api/openapi.json",
    summary: "This description",
    role: "anyone",
    status: 200,
    answer: z.record(z.string(), z.unknown()),
  },
  signIn: {
    method: "post",
    path: "/api/session",
    summary: "Exchange the token of the printed address for a cookie",
    role: "anyone",
    body: session,
    status: 204,
  },
  signOut: {
    method: "delete",
    path: "/api/session",
    summary: "Forget the cookie",
    role: "anyone",
    status: 204,
  },
  me: {
    method: "get",
    path: "/api/me",
    summary: "Who asks, and what he may",
    role: "viewer",
    status: 200,
    answer: me,
  },
  live: {
    method: "get",
    path: "/api/events",
    summary: "What changes, as it changes. The first messages tell everything there is",
    role: "viewer",
    query: from,
    form: "events",
    status: 200,
    answer: liveMessage,
  },
  components: {
    method: "get",
    path: "/api/components",
    summary: "All components",
    role: "viewer",
    status: 200,
    answer: componentList,
  },
  component: {
    method: "get",
    path: "/api/components/{name}",
    summary: "One component with its objects, requirements and parameters",
    role: "viewer",
    parameters: ofComponent,
    status: 200,
    answer: componentDetail,
  },
  object: {
    method: "get",
    path: "/api/components/{name}/object",
    summary: "Both sides of one object as YAML, secrets masked",
    role: "viewer",
    parameters: ofComponent,
    query: z.object({ key: z.string().max(600) }),
    status: 200,
    answer: objectTexts,
  },
  history: {
    method: "get",
    path: "/api/components/{name}/history",
    summary: "What was done, the newest first",
    role: "viewer",
    parameters: ofComponent,
    status: 200,
    answer: history,
  },
  board: {
    method: "get",
    path: "/api/components/{name}/checks",
    summary: "The checks, how they went last, and before",
    role: "viewer",
    parameters: ofComponent,
    status: 200,
    answer: board,
  },
  pods: {
    method: "get",
    path: "/api/components/{name}/pods",
    summary: "Pods and containers whose logs can be read",
    role: "viewer",
    parameters: ofComponent,
    status: 200,
    answer: pods,
  },
  logs: {
    method: "get",
    path: "/api/components/{name}/logs",
    summary: "Follow the log of a container",
    role: "viewer",
    parameters: ofComponent,
    query: logQuery,
    form: "websocket",
    status: 101,
    answer: logMessage,
    command: logCommand,
  },
  log: {
    method: "get",
    path: "/api/components/{name}/log",
    summary: "The whole log of a container, to be kept as a file",
    role: "viewer",
    parameters: ofComponent,
    query: logQuery.pick({ namespace: true, pod: true, container: true, previous: true }),
    form: "text",
    status: 200,
  },
  runs: {
    method: "get",
    path: "/api/runs",
    summary: "Runs of this server, the newest first, without their plans",
    role: "viewer",
    query: z.object({ component: componentName.optional() }),
    status: 200,
    answer: runList,
  },
  ask: {
    method: "post",
    path: "/api/components/{name}/runs",
    summary: "Ask for an action: it is planned, and waits for its confirmation",
    role: "operator",
    parameters: ofComponent,
    body: actionRequest,
    status: 201,
    answer: run,
    failures: { 409: "Somebody is at work on the component, or the action is not possible now" },
  },
  run: {
    method: "get",
    path: "/api/runs/{id}",
    summary: "One run",
    role: "viewer",
    parameters: ofRun,
    status: 200,
    answer: run,
  },
  runEvents: {
    method: "get",
    path: "/api/runs/{id}/events",
    summary: "Everything that happened in a run and happens, until it is done",
    role: "viewer",
    parameters: ofRun,
    query: from,
    form: "events",
    status: 200,
    answer: runMessage,
  },
  confirm: {
    method: "post",
    path: "/api/runs/{id}/confirm",
    summary: "Carry out exactly the plan that was seen",
    role: "operator",
    parameters: ofRun,
    body: confirmation,
    status: 202,
    answer: run,
    failures: { 409: "The plan is another one, the run does not wait, or somebody is at work" },
  },
  cancel: {
    method: "post",
    path: "/api/runs/{id}/cancel",
    summary: "Stop after what is under way",
    role: "operator",
    parameters: ofRun,
    status: 202,
    answer: run,
    failures: { 409: "The run is done" },
  },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;
