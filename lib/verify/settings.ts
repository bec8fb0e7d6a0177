/** From `spec.verify` of a component to the checks that are to run. @module */
import { z } from "zod";
import { PlumbError } from "../errors.ts";
import { nearestName } from "../suggest.ts";
import type { Check } from "./check.ts";
import { CHECKS } from "./checks.ts";

/** A check with its settings, as a component wants it. */
export interface PlannedCheck {
  /** Unlike any other's of the component. */
  readonly name: string;
  readonly check: Check;
  readonly settings: unknown;
}

/** Why the checks of a component can't be run. */
export class VerifyError extends PlumbError {
  override readonly name = "VerifyError";

  constructor(
    override readonly code: "nothing-to-verify" | "unknown-check" | "invalid-settings",
    message: string,
    details: { readonly line?: number | undefined; readonly hint: string },
  ) {
    super(code, message, {
      place: { file: "component.yaml", line: details.line },
      hint: details.hint,
    });
  }
}

const verifySettings = z.strictObject({
  checks: z.array(z.looseObject({
    check: z.string(),
    name: z.string().min(1).optional(),
    /** Only where a parameter has a value: `{ value: ${cache}, is: kvrocks }`. */
    when: z.strictObject({ value: z.string(), is: z.string() }).optional(),
  })).min(1),
});

/** What to leave out. */
export interface Selection {
  /** Only these, and what they need. */
  readonly only: readonly string[];
  readonly skip: readonly string[];
}

/**
 * The checks of a component.
 *
 * @param lineOf line of a field below `spec.verify`.
 * @throws {VerifyError}
 */
export function planChecks(
  verify: unknown,
  selection: Selection = { only: [], skip: [] },
  lineOf: (path: readonly (string | number)[]) => number | undefined = () => undefined,
): PlannedCheck[] {
  if (verify === undefined) {
    throw new VerifyError("nothing-to-verify", "The component says nothing about verification", {
      hint: `Name its checks in spec.verify.checks: ${[...CHECKS.keys()].join(", ")}.`,
    });
  }
  const { checks } = parse(verifySettings, verify, [], lineOf);
  const planned = checks.flatMap(({ check: id, name = id, when, ...settings }, index) => {
    const check = CHECKS.get(id);
    if (check === undefined) throw unknownCheck(id, lineOf(["checks", index]));
    const item = {
      name,
      check,
      settings: parse(check.settings, settings, ["checks", index], lineOf),
    };
    return when === undefined || when.value === when.is ? [item] : [];
  });
  const names = planned.map(({ name }) => name);
  for (const name of [...selection.only, ...selection.skip]) {
    if (!names.includes(name)) throw unknownCheck(name, undefined, names);
  }
  const wanted = withNeeds(planned, selection.only);
  return planned.filter(({ name }) => wanted.has(name) && !selection.skip.includes(name));
}

function withNeeds(planned: readonly PlannedCheck[], only: readonly string[]): ReadonlySet<string> {
  if (only.length === 0) return new Set(planned.map(({ name }) => name));
  const wanted = new Set<string>();
  const add = (name: string) => {
    if (wanted.has(name)) return;
    wanted.add(name);
    const ids = planned.find((item) => item.name === name)?.check.needs ?? [];
    for (const { name: needed } of planned.filter(({ check }) => ids.includes(check.id))) {
      add(needed);
    }
  };
  only.forEach(add);
  return wanted;
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  path: readonly (string | number)[],
  lineOf: (path: readonly (string | number)[]) => number | undefined,
): z.output<Schema> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  const at = [
    ...path,
    ...(issue?.path ?? []).map((step) => typeof step === "number" ? step : String(step)),
  ];
  throw new VerifyError(
    "invalid-settings",
    `spec.verify.${at.join(".")}: ${issue?.message ?? "is not valid"}`,
    {
      line: lineOf(at) ?? lineOf(path),
      hint: "Correct it in component.yaml.",
    },
  );
}

function unknownCheck(
  id: string,
  line: number | undefined,
  names: readonly string[] = [...CHECKS.keys()],
): VerifyError {
  const nearest = nearestName(id, names);
  return new VerifyError("unknown-check", `There is no check ${id}`, {
    line,
    hint: nearest === undefined ? `There are ${names.join(", ")}.` : `Did you mean ${nearest}?`,
  });
}
