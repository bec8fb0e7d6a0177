/** What a screen reader says by itself. @module */
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { html } from "../html.ts";

const QUIET_MILLISECONDS = 1_000;

/** Says a text once it has stood for a moment, so that fast changes don't chatter. */
export function Announcer({ text }: { readonly text: string }): VNode {
  const [said, say] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => say(text), QUIET_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<p class="unseen" role="status" aria-live="polite">${said}</p>`;
}
