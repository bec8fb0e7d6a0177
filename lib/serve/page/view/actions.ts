/** What can be done with a component, and why the rest can't be. @module */
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ActionName, ActionRequest, Component, Problem } from "../../contract.ts";
import { html } from "../html.ts";
import { api, problemOf } from "../net/api.ts";
import { runAddress } from "../state/route.ts";
import { ACTION, sentence } from "../state/words.ts";
import { useSession } from "./hooks.ts";
import { ProblemBox } from "./parts.ts";

/** Actions that need to be told more before they can be planned. */
type Form = "suspend" | "rollback";

/** Buttons for who may; for others the reason why there are none. */
export function Actions({ component }: { readonly component: Component }): VNode | null {
  const { me } = useSession();
  const [form, open] = useState<{ readonly kind: Form; readonly turn: number }>();
  const [wanted, want] = useState(true);
  const { pending, problem, ask } = useAsk(component.name);
  if (me === undefined) return null;
  if (me.role === "viewer") {
    return html`<p class="box calm">You may look, but not act. ${me.hint}</p>`;
  }
  const checked = component.actions.includes("verify");
  const choose = (action: ActionName) => {
    if (action === "suspend" || action === "rollback") {
      open((before) => ({ kind: action, turn: (before?.turn ?? 0) + 1 }));
    } else void ask(requestOf(action, checked && wanted));
  };
  // A browser tells a moment late that a dialog is closed: the next one may be open by then.
  const close = () => open((now) => now?.turn === form?.turn ? undefined : now);
  return html`<div class="actions">
    <div class="buttons" role="group" aria-label="Actions">${
    component.actions.map((action) =>
      html`
        <button type="button" key=${action} class=${action === "deploy"
          ? "main"
          : ""} title=${ACTION[action].does}
          disabled=${pending !== undefined} onClick=${() => choose(action)}>${ACTION[action]
            .name}</button>
      `
    )
  }</div>
    <p class="quiet" role="status">${
    pending === undefined ? "" : `Asking for ${ACTION[pending].name}…`
  }</p>
    ${
    checked && component.actions.includes("deploy")
      ? html`<label class="option"><input type="checkbox" checked=${wanted}
        onChange=${(event: Event) =>
        want(
          (event.currentTarget as HTMLInputElement).checked,
        )} /> Run the checks after a deploy, and undo it where they fail</label>`
      : null
  }
    <${Never} never=${component.never} />
    ${problem === undefined ? null : html`<${ProblemBox} problem=${problem} />`}
    ${
    form === undefined ? null : html`
      <${FormDialog} key=${form.turn} form=${form.kind} name=${component.name}
        onClose=${close} onAsk=${ask} />
    `
  }
  </div>`;
}

function requestOf(action: Exclude<ActionName, Form>, verify: boolean): ActionRequest {
  switch (action) {
    case "deploy":
      return { action, verify, refresh: false, retry: false };
    case "diff":
      return { action, refresh: true };
    case "verify":
      return { action, only: [], skip: [] };
    default:
      return { action };
  }
}

/** Asks for a run and goes to it: there it shows its plan. */
export function useAsk(name: string): {
  readonly pending: ActionName | undefined;
  readonly problem: Problem | undefined;
  readonly ask: (request: ActionRequest) => Promise<void>;
} {
  const [pending, wait] = useState<ActionName>();
  const [problem, tell] = useState<Problem>();
  const ask = async (request: ActionRequest) => {
    wait(request.action);
    tell(undefined);
    try {
      location.hash = runAddress((await api.askFor(name, request)).id);
    } catch (error) {
      tell(problemOf(error));
    } finally {
      wait(undefined);
    }
  };
  return { pending, problem, ask };
}

function Never({ never }: { readonly never: Component["never"] }): VNode | null {
  const reasons = Object.entries(never) as [ActionName, string][];
  if (reasons.length === 0) return null;
  const names = reasons.map(([action]) => ACTION[action].name);
  return html`
    <details class="never">
      <summary>Why not ${names.join(", ")}?</summary>
      <dl class="facts">${reasons.map(([action, reason]) =>
        html`
          <div key=${action}>
            <dt>${ACTION[action].name}</dt>
            <dd>${sentence(reason)}</dd>
          </div>
        `
      )}</dl>
    </details>
  `;
}

function FormDialog({ form, name, onClose, onAsk }: {
  readonly form: Form;
  readonly name: string;
  readonly onClose: () => void;
  readonly onAsk: (request: ActionRequest) => Promise<void>;
}): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  // A dialog that is closed, rather than taken away, gives the focus back.
  const close = () => dialog.current?.close();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    close();
    void onAsk(formRequest(form, given));
  };
  return html`
    <dialog ref=${dialog} onClose=${onClose} aria-labelledby="form-title">
      <form onSubmit=${submit}>
          <h2 id="form-title">${ACTION[form].name} ${name}</h2>
          <p>${ACTION[form].does}</p>
          ${form === "suspend" ? html`<${SuspendFields} />` : html`<${RollbackFields} />`}
          <div class="buttons"><button class="main">Show the plan</button>
            <button type="button" onClick=${close}>Cancel</button></div>
        </form>
    </dialog>
  `;
}

function SuspendFields(): VNode {
  return html`
    <label>Reason <input name="reason" required maxlength="500" autofocus placeholder="Maintenance of the storage" /></label>
    <label>It ends <select name="hours">
      <option value="">when somebody resumes it</option><option value="1">in an hour</option><option value="8">in 8 hours</option>
      <option value="24">in a day</option><option value="168">in a week</option></select></label>
  `;
}

function RollbackFields(): VNode {
  return html`<fieldset><legend>Its data</legend>
    <label><input type="radio" name="data" value="keep" checked /> Keep volumes, databases and secrets. A later deploy finds them again.</label>
    <label><input type="radio" name="data" value="delete" /> Delete them, too. Nobody can bring them back.</label></fieldset>`;
}

function formRequest(form: Form, given: FormData): ActionRequest {
  if (form === "rollback") return { action: form, deleteData: given.get("data") === "delete" };
  const hours = Number(given.get("hours") ?? 0);
  const reason = String(given.get("reason")).trim();
  if (hours === 0) return { action: form, reason };
  return { action: form, reason, until: new Date(Date.now() + hours * 3_600_000).toISOString() };
}
