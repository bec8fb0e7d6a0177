/** Where the browser begins. @module */
import { render } from "preact";
import { html } from "./html.ts";
import { begin } from "./net/session.ts";
import { App } from "./view/app.ts";

const page = document.getElementById("page");
if (page !== null) {
  void begin();
  page.replaceChildren();
  render(html`<${App} />`, page);
}
