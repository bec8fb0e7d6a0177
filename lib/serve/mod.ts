/**
 * The dashboard: what is and what runs, live, in a browser.
 * @module
 */
export { type AppOptions, createApp, type Handlers } from "./app.ts";
export { loadPage, type Page } from "./assets.ts";
export type { ActionContext, Commands, Ended, PreparedAction } from "./commands.ts";
export type { Declared, Eyes, Listing, Look } from "./look.ts";
export type { AuditEntry } from "./runs.ts";
export { type Dashboard, type DashboardOptions, startDashboard } from "./server.ts";
export type { ActionName, ActionRequest, ObjectTexts, RunPlan } from "./contract.ts";
