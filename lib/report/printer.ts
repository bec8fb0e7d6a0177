/** What all printers have in common. @module */
import type { Emit } from "../event.ts";

/** Where and how to print. */
export interface PrinterOptions {
  readonly write: (text: string) => void;
  readonly color: boolean;
  /** Width of the terminal. */
  readonly columns: number;
  /** A person watches, so that what is in progress may be redrawn. */
  readonly interactive: boolean;
  /** Milliseconds since 1970. @default {Date.now} */
  readonly now?: () => number;
}

/** A view of the events of a run. */
export interface Printer {
  readonly emit: Emit;
  /** Prints what is left to be printed. */
  close(): void;
}
