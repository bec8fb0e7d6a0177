/**
 * The dashboard: what runs and what is, live, in a browser.
 * @module
 */
export { type AppOptions, createApp } from "./app.ts";
export { loadPage, type Page } from "./assets.ts";
