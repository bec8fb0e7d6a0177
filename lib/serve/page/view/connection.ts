/** Whether what is shown is still so. @module */
import type { VNode } from "preact";
import { spanInWords } from "../../../report/words.ts";
import { html } from "../html.ts";
import type { Connection } from "../net/retry.ts";
import { useNow, useSession } from "./hooks.ts";

/** Says that the connection is lost, since when, and that it comes back by itself. Nothing as long as it is there. */
export function ConnectionNote({ connection }: { readonly connection: Connection }): VNode {
  const { live } = useSession();
  const now = useNow(1_000) - live.clock;
  // What changes each second must not be read aloud each second.
  return html`<div role="status">${
    connection.state !== "lost" ? null : html`<p class="box warn">
      <strong>The connection is lost.</strong> What you see is as it was${" "}
      <span aria-hidden="true">${spanInWords(now - connection.since)} ago</span>.
      It is tried again by itself, and nothing will be missing.</p>`
  }</div>`;
}
