// deno-lint-ignore-file no-console
/**
 * How fast the dashboard's page is: until it is first painted, and while a log floods it.
 *
 *     deno run -A tests/bench/page.ts
 *
 * The flood is made beside the server, so that the page alone is measured: as many lines as it takes, at the most
 * 100,000 a second.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Page, WebSocketRoute } from "playwright-core";
import { closeBrowser, dashboardOf, see, view } from "../browser.ts";
import { deployment, documents, NAMESPACE, plumb, workspace } from "../plumb.ts";
import { testCluster } from "../sandbox.ts";
import { medianOf } from "./process.ts";

const COMPONENT = `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: NAMESPACE }
spec: { namespace: NAMESPACE, policy: "off" }
`;
const PAINTS = 7;
const LINES_PER_SECOND = 100_000;
const BATCH_LINES = 1_000;
const BATCHES_AT_ONCE = 8;
const FLOOD_SECONDS = 10;

/** What the browser itself takes on this machine for a page of loopback: nothing is less. */
const EMPTY = "<!doctype html><h1 class='card'>Hello</h1>";
/** A window that has just been opened still loads parts of the browser's own. */
const SETTLE_MILLISECONDS = 1_500;
/** Marks when the first component is painted. */
const MARK = `new MutationObserver((_, observer) => {
  if (document.querySelector(".card") === null) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => performance.mark("content")));
}).observe(document, { childList: true, subtree: true })`;

/** Milliseconds from the start of the navigation. */
interface Paints {
  /** Until the first text is painted. */
  readonly first: number;
  /** Until the first component is. */
  readonly content: number;
}

/** Opens an address in a new window: first with nothing in the browser's cache, then once more. */
async function paintsOf(
  address: string,
): Promise<{ readonly cold: Paints; readonly warm: Paints }> {
  await using viewer = await view("about:blank");
  const { page } = viewer;
  await page.addInitScript(MARK);
  await delay(SETTLE_MILLISECONDS);
  const open = async () => {
    await page.goto(address);
    await page.locator(".card").first().waitFor();
    return await page.evaluate(`new Promise((resolve) => {
      const timeOf = (name) => performance.getEntriesByName(name)[0]?.startTime;
      const look = () => {
        const paints = { first: timeOf("first-contentful-paint"), content: timeOf("content") };
        if (paints.first && paints.content) resolve(paints);
        else setTimeout(look, 50);
      };
      look();
    })`) as Paints;
  };
  const cold = await open();
  await page.goto("about:blank");
  // The server goes on looking at the components of who was there.
  await delay(SETTLE_MILLISECONDS);
  return { cold, warm: await open() };
}

/** Sends lines as the server does, no more than eight batches ahead of what is acknowledged. */
function flood(socket: WebSocketRoute): void {
  let [sent, acknowledged, lines] = [0, 0, 0];
  const started = performance.now();
  const time = new Date().toISOString();
  socket.send(JSON.stringify({ type: "open", resumed: false }));
  socket.onMessage((message) => {
    if (JSON.parse(String(message)).type === "ack") acknowledged++;
  });
  const timer = setInterval(() => {
    const seconds = Math.min((performance.now() - started) / 1000, FLOOD_SECONDS);
    const due = seconds * LINES_PER_SECOND;
    while (lines < due && sent - acknowledged < BATCHES_AT_ONCE) {
      const batch = Array.from({ length: BATCH_LINES }, () => ({
        time,
        text: `INFO ${lines++} 10.42.0.7 - "GET /api/tasks?page=${lines}" 200 ${lines % 977} ms`,
      }));
      sent++;
      socket.send(
        JSON.stringify({ type: "lines", batch: sent, position: String(lines), lines: batch }),
      );
    }
  }, 5);
  // Nobody tells that the window is gone: the process need not wait for it.
  Deno.unrefTimer(timer);
  socket.onClose(() => clearInterval(timer));
}

/** Milliseconds from one of the page's frames to the next, while the log floods it. */
async function framesOf(page: Page): Promise<readonly number[]> {
  return await page.evaluate(`new Promise((resolve) => {
    const frames = [];
    const started = performance.now();
    let last = started;
    const step = (now) => {
      frames.push(now - last);
      last = now;
      if (now - started < ${FLOOD_SECONDS * 1000}) requestAnimationFrame(step);
      else resolve(frames);
    };
    requestAnimationFrame(step);
  })`) as readonly number[];
}

/** The page's memory: the most that was seen, garbage included, and what is left without garbage. */
async function memoryOf(
  page: Page,
  during: Promise<unknown>,
): Promise<{ peak: number; kept: number }> {
  const session = await page.context().newCDPSession(page);
  const megabytes = async () => (await session.send("Runtime.getHeapUsage")).usedSize / 1e6;
  let [peak, isOver] = [0, false];
  const over = during.finally(() => isOver = true);
  while (!isOver) {
    peak = Math.max(peak, await megabytes());
    await delay(200);
  }
  await over;
  await session.send("HeapProfiler.collectGarbage");
  return { peak, kept: await megabytes() };
}

/** Loads the page again and again. */
async function measurePaints(address: string): Promise<void> {
  await using nobody = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(EMPTY, { headers: { "content-type": "text/html" } }),
  );
  const empty = `http://127.0.0.1:${nobody.addr.port}/`;
  const samples: { page: Paints; again: Paints; empty: Paints }[] = [];
  for (let time = 0; time < PAINTS; time++) {
    const { cold, warm } = await paintsOf(address);
    samples.push({ page: cold, again: warm, empty: (await paintsOf(empty)).cold });
  }
  const figures = (of: (sample: typeof samples[number]) => number) =>
    `${medianOf(samples, of).toFixed(0)} ms (least ${Math.min(...samples.map(of)).toFixed(0)})`;
  console.log(`first paint: ${figures(({ page }) => page.first)}`);
  console.log(`first component: ${figures(({ page }) => page.content)}`);
  console.log(`first paint again: ${figures(({ again }) => again.first)}`);
  console.log(`first component again: ${figures(({ again }) => again.content)}`);
  console.log(`an empty page: ${figures(({ empty }) => empty.first)}`);
}

/** Floods the page. */
async function measureFlood(address: string): Promise<void> {
  await using viewer = await view("about:blank");
  const { page } = viewer;
  await page.routeWebSocket(/\/logs\?/, flood);
  await page.goto(address);
  await see(page, "Live.");
  const watching = framesOf(page);
  const { peak, kept } = await memoryOf(page, watching);
  const sorted = (await watching).toSorted((left, right) => left - right);
  const share = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(0);
  const shown = await page.getByText(/ lines/).last().innerText();
  console.log(`log flood of ${FLOOD_SECONDS} s: ${shown}`);
  console.log(`frames: ${share(0.5)} ms (median), ${share(0.99)} ms (99 of 100)`);
  console.log(`heap: ${kept.toFixed(0)} MB; with garbage, at the most ${peak.toFixed(0)} MB`);
}

async function measureAll(): Promise<void> {
  // A cluster that was started for this measurement ends with it.
  await using _sandbox = (await testCluster()).sandbox;
  await using space = await workspace();
  await space.write({
    "shop/component.yaml": COMPONENT,
    "shop/app.yaml": documents(NAMESPACE, deployment("web")),
  });
  await plumb(["reconcile", "--path", `${space.folder}/shop`], { kubeconfig: space.kubeconfig });
  await using dashboard = await dashboardOf(space);
  await measurePaints(dashboard.address);
  await measureFlood(`${dashboard.address}#/components/${space.name}/logs`);
}

await measureAll();
await closeBrowser();
