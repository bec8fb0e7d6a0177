/** Where the browser begins. @module */
import { render } from "preact";
import { html } from "./html.ts";
import { begin } from "./net/session.ts";
import { App } from "./view/app.ts";

/** A tab that nobody sees is not painted. */
const PATIENCE_MILLISECONDS = 100;

const page = document.getElementById("page");
if (page !== null) {
  void begin();
  // The document's own words are seen before the work of the first view.
  const painted = new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MILLISECONDS));
  void Promise.race([painted, patience]).then(() => {
    page.replaceChildren();
    render(html`<${App} />`, page);
  });
}
