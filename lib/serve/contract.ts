/**
 * What the page and the server say to each other: every answer, message and request as a schema. No I/O.
 *
 * In short: `GET /api/components` and `/api/events` (Server-Sent Events) tell how everything is. `POST
 * /api/components/NAME/runs` asks for an action; its run plans, then waits for `POST /api/runs/ID/confirm` with the
 * digest of the plan, then does it. `/api/runs/ID/events` tells what happens, from `Last-Event-ID` on. Logs come over a
 * WebSocket. Every POST and DELETE is JSON and carries the header `x-plumb-csrf` of `GET /api/me`.
 * @module
 */
export {
  type Failure,
  failure,
  healthStatus,
  type Problem,
  problem,
  type Revision,
  revision,
} from "./contract/common.ts";
export {
  type Component,
  component,
  type ComponentDetail,
  componentDetail,
  type ComponentList,
  componentList,
  type ComponentObject,
  componentObject,
  type History,
  history,
  type HistoryEntry,
  historyEntry,
  type ObjectTexts,
  objectTexts,
} from "./contract/component.ts";
export {
  type ChangeReport,
  changeReport,
  type CheckEvent,
  checkEvent,
  event,
} from "./contract/event.ts";
export { type LiveMessage, liveMessage } from "./contract/live.ts";
export {
  type LogCommand,
  logCommand,
  type LogMessage,
  logMessage,
  type LogQuery,
  logQuery,
  type Pods,
  pods,
} from "./contract/logs.ts";
export { type Me, me, type Role, role, type Session, session } from "./contract/me.ts";
export { type Route, type RouteName, ROUTES } from "./contract/routes.ts";
export {
  type ActionName,
  type ActionRequest,
  actionRequest,
  ACTIONS,
  type Confirmation,
  confirmation,
  type Run,
  run,
  type RunList,
  runList,
  type RunMessage,
  runMessage,
  type RunPlan,
  runPlan,
} from "./contract/run.ts";
export { type Board, board } from "./contract/verify.ts";
