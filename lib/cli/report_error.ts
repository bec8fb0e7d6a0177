/** From an error to what the user reads, and to the exit code. @module */
import { describePlace, messageOf, PlumbError } from "../errors.ts";
import type { Emit } from "../event.ts";
import { EXIT } from "./outcome.ts";

/** Tells an error as an event. A stack is only shown when it was asked for. */
export function reportError(
  error: unknown,
  emit: Emit,
  { signal, debug }: { readonly signal: AbortSignal; readonly debug: boolean },
): number {
  if (signal.aborted) {
    emit({
      type: "error",
      code: "interrupted",
      message: "Interrupted",
      hint: "What was done is recorded; the next run goes on from there.",
    });
    return EXIT.interrupted;
  }
  const known = error instanceof PlumbError ? error : undefined;
  const place = known?.place === undefined ? undefined : describePlace(known.place);
  const stack = debug && error instanceof Error ? `\n${error.stack ?? ""}` : "";
  const hint = known === undefined && !debug
    ? "This is a defect of Plumb. Run again with --debug and report it."
    : known?.hint;
  emit({
    type: "error",
    code: known?.code ?? "unexpected",
    message: messageOf(error) + stack,
    ...(place === undefined ? {} : { place }),
    ...(hint === undefined ? {} : { hint }),
  });
  return EXIT.error;
}
