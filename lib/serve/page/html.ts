/** Elements from templates. @module */
import htm from "htm";
import { h, type VNode } from "preact";

type Template = (strings: TemplateStringsArray, ...values: unknown[]) => VNode;

/** A template as an element: `` html`<p>${text}</p>` ``. Preact escapes texts. */
export const html: Template =
  // The package's types say that it is a module, but it is a function.
  (htm as unknown as { bind: (create: typeof h) => Template }).bind(h);
