/** The dashboard in a real browser, against the cluster of the tests. */
import assert from "node:assert/strict";
import axe from "axe-core/axe.min.js" with { type: "text" };
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { ServeOptions } from "../lib/cli/serve_options.ts";
import { openRelay, type Relay } from "./contract/servers/relay.ts";
import { serve } from "./dashboard.ts";
import type { Workspace } from "./plumb.ts";

/** Conditions are waited for so long, on machines that have a lot to do. */
const PATIENCE_MILLISECONDS = 60_000;

/** A dashboard, by its addresses. */
export interface TestDashboard extends AsyncDisposable {
  /** Who opens it only looks. */
  readonly address: string;
  /** Who opens it may act. */
  readonly actor: string;
}

/** Serves one component of a folder of components. */
export async function dashboardOf(
  space: Pick<Workspace, "folder" | "name" | "kubeconfig">,
  options: Partial<ServeOptions> = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<TestDashboard> {
  const served = await serve(space, options, environment);
  return { ...served, actor: `${served.address}#token=${served.token}` };
}

/** The same addresses over a line that can be cut. */
export function behindLine({ address, actor }: TestDashboard): {
  readonly line: Relay;
  readonly address: string;
  readonly actor: string;
} {
  const { port, host } = new URL(address);
  const line = openRelay(Number(port));
  const over = (text: string) => text.replace(host, `127.0.0.1:${line.port}`);
  return { line, address: over(address), actor: over(actor) };
}

/** Somebody with a browser of his own. What the page complains of fails the test at its end. */
export interface Viewer extends AsyncDisposable {
  readonly page: Page;
  /** Complaints of the browser and of the page's own code. */
  readonly complaints: string[];
}

let browser: Promise<Browser> | undefined;

/** Opens Debian's Chromium, one for all tests of a file. */
function openBrowser(): Promise<Browser> {
  return browser ??= chromium.launch({
    executablePath: "/usr/bin/chromium",
    // Tests run as root in CI, where Chromium's sandbox can't.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

/** Ends the browser. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}

/** Opens an address in a window of its own. */
export async function view(
  address: string,
  options: BrowserContextOptions = {},
): Promise<Viewer> {
  const context = await (await openBrowser()).newContext({
    viewport: { width: 1280, height: 860 },
    ...options,
  });
  context.setDefaultTimeout(PATIENCE_MILLISECONDS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(address);
  return {
    page,
    complaints,
    async [Symbol.asyncDispose]() {
      await context.close();
    },
  };
}

/** Waits until a text is to be seen; else tells what is to be seen instead. */
export async function see(page: Page, text: string | RegExp): Promise<void> {
  try {
    await page.getByText(text).first().waitFor();
  } catch {
    const shown = await page.locator("body").innerText();
    assert.fail(`${text} is not to be seen at ${page.url()}:\n${shown.slice(0, 4_000)}`);
  }
}

/** Waits until a screen reader is told of a text. */
export async function hear(page: Page, text: string): Promise<void> {
  await page.getByRole("status").filter({ hasText: text }).first().waitFor();
}

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Nothing serious or critical hinders anybody, in light and in dark, and nothing is wider than a phone. */
export async function assertAccessible(page: Page): Promise<void> {
  const before = page.viewportSize() ?? { width: 1280, height: 860 };
  for (const [colorScheme, width] of [["light", before.width], ["dark", 360]] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ ...before, width });
    // The page has no global `module`, but what the browser evaluates is told of one.
    const violations = await page.evaluate(
      `(() => { const module = undefined; ${axe}; return axe.run(); })().then(({ violations }) => violations)`,
    ) as readonly Violation[];
    const hindering = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
    assert.deepEqual(
      hindering.map(({ id, nodes }) => [id, nodes[0]?.html, nodes[0]?.failureSummary]),
      [],
      `${page.url()} ${colorScheme}`,
    );
    const wide = await page.evaluate("document.documentElement.scrollWidth");
    assert.ok(Number(wide) <= width, `${page.url()} is ${wide} pixels wide instead of ${width}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(before);
}
