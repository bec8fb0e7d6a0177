/** Where the browser begins. @module */
import { render } from "preact";
import { html } from "./html.ts";

const page = document.getElementById("page");
if (page !== null) render(html`<p>Plumb</p>`, page);
