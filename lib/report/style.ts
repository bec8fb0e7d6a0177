/** Colours and symbols. @module */
import picocolors from "picocolors";
import type { Action } from "../event.ts";

/** How text is coloured; without colour, every function gives back what it gets. */
export type Style = ReturnType<typeof picocolors.createColors>;

/** Colours, or none. */
export function createStyle(color: boolean): Style {
  return picocolors.createColors(color);
}

/** One character for each action, so that a plan can be read without colours. */
export const SYMBOL: Readonly<Record<Action, string>> = {
  create: "+",
  update: "~",
  adopt: "&",
  delete: "-",
  replace: "±",
  conflict: "!",
  unchanged: "=",
};

/** The colour of an action. */
export function paint(style: Style, action: Action, text: string): string {
  switch (action) {
    case "create":
      return style.green(text);
    case "update":
    case "adopt":
      return style.yellow(text);
    case "delete":
    case "replace":
    case "conflict":
      return style.red(text);
    case "unchanged":
      return style.dim(text);
  }
}
