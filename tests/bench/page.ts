// deno-lint-ignore-file no-console
/**
 * How fast the dashboard's page is: until it is first painted, and while a log floods it.
 *
 *     deno run -A tests/bench/page.ts
 *
 * The flood is made beside the server, so that the page alone is measured: as many lines as it takes, at the most
 * 100,000 a second.
 */
import type { Page, WebSocketRoute } from "playwright-core";
import { closeBrowser, dashboardOf, see, view } from "../browser.ts";
import { deployment, documents, NAMESPACE, plumb, workspace } from "../plumb.ts";
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

/** What the browser itself takes on this machine: nothing is less. */
const EMPTY = "data:text/html,<h1>Hello</h1>";

/** Milliseconds until something is painted, with nothing in the browser's cache. */
async function firstPaint(address: string): Promise<number> {
  await using viewer = await view(address);
  await viewer.page.locator("h1").waitFor();
  return await viewer.page.evaluate(
    `performance.getEntriesByName("first-contentful-paint")[0].startTime`,
  ) as number;
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
    const due = (performance.now() - started) / 1000 * LINES_PER_SECOND;
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
  socket.onClose(() => clearInterval(timer));
}

interface Smoothness {
  readonly frames: readonly number[];
  readonly megabytes: number;
}

/** Watches the page's frames for a while. */
async function watchFrames(page: Page): Promise<Smoothness> {
  return await page.evaluate(`new Promise((resolve) => {
    const frames = [];
    const started = performance.now();
    let last = started;
    const step = (now) => {
      frames.push(now - last);
      last = now;
      if (now - started < ${FLOOD_SECONDS * 1000}) requestAnimationFrame(step);
      else resolve({ frames, megabytes: performance.memory.usedJSHeapSize / 1e6 });
    };
    requestAnimationFrame(step);
  })`) as Smoothness;
}

await using space = await workspace();
await space.write({
  "shop/component.yaml": COMPONENT,
  "shop/app.yaml": documents(NAMESPACE, deployment("web")),
});
await plumb(["reconcile", "--path", `${space.folder}/shop`], { kubeconfig: space.kubeconfig });
await using dashboard = await dashboardOf(space);
const [paints, empty]: [number[], number[]] = [[], []];
for (let time = 0; time < PAINTS; time++) {
  paints.push(await firstPaint(dashboard.address));
  empty.push(await firstPaint(EMPTY));
}
const median = (values: readonly number[]) => medianOf(values, (value) => value).toFixed(0);
console.log(`first paint: ${median(paints)} ms, of an empty page ${median(empty)} ms`);

await using viewer = await view("about:blank");
const { page } = viewer;
await page.routeWebSocket(/\/logs\?/, flood);
await page.goto(`${dashboard.address}#/components/${space.name}/logs`);
await see(page, "Live.");
const { frames, megabytes } = await watchFrames(page);
const sorted = frames.toSorted((left, right) => left - right);
const share = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(0);
const shown = await page.getByText(/ lines/).last().innerText();
console.log(
  `log flood of ${FLOOD_SECONDS} s: frames of ${share(0.5)} ms (median), ${
    share(0.99)
  } ms (99 of 100); ` +
    `${megabytes.toFixed(0)} MB of heap; ${shown}`,
);
await closeBrowser();
