/** JUnit's XML, which every CI reads: one test case for each check. @module */
import type { Event } from "../event.ts";
import type { Printer, PrinterOptions } from "./printer.ts";

type Checked = Extract<Event, { type: "check" }>;

/** A printer of JUnit XML. It writes at the end, since the document begins with its counts. */
export function createJunitPrinter({ write }: PrinterOptions): Printer {
  const checks: Checked[] = [];
  const errors: Extract<Event, { type: "error" }>[] = [];
  let component = "plumb";
  return {
    emit(event) {
      if (event.type === "run") component = event.component;
      if (event.type === "check" && event.status !== "running") checks.push(event);
      if (event.type === "error") errors.push(event);
    },
    close: () => write(`${documentOf(component, checks, errors).join("\n")}\n`),
  };
}

function documentOf(
  component: string,
  checks: readonly Checked[],
  errors: readonly Extract<Event, { type: "error" }>[],
): string[] {
  const count = (status: Checked["status"]) =>
    checks.filter((check) => check.status === status).length;
  const seconds = checks.reduce((sum, check) => sum + (check.seconds ?? 0), 0);
  const attributes = `name="${xml(component)}" tests="${checks.length}" failures="${
    count("failed")
  }" skipped="${count("not-judged")}" errors="${errors.length}" time="${seconds.toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<testsuites>",
    `  <testsuite ${attributes}>`,
    ...checks.flatMap((check) => caseOf(component, check)),
    ...errors.map(({ message, hint }) =>
      `    <testcase name="plumb" classname="${xml(component)}"><error message="${xml(message)}">${
        xml(hint ?? "")
      }</error></testcase>`
    ),
    "  </testsuite>",
    "</testsuites>",
  ];
}

function caseOf(component: string, check: Checked): string[] {
  const name = `name="${xml(check.title)}" classname="${xml(`${component}.${check.name}`)}" time="${
    (check.seconds ?? 0).toFixed(3)
  }"`;
  const details = [check.probably, check.hint].filter((text) => text !== undefined).join("\n");
  const seen = (check.evidence ?? []).map(({ name, value }) => `${name}: ${value}`).join("\n");
  return [
    `    <testcase ${name}>`,
    ...(check.status === "failed"
      ? [`      <failure message="${xml(check.message ?? "")}">${xml(details)}</failure>`]
      : []),
    ...(check.status === "not-judged"
      ? [`      <skipped message="${xml(check.message ?? "")}"/>`]
      : []),
    ...(seen === "" ? [] : [`      <system-out>${xml(seen)}</system-out>`]),
    "    </testcase>",
  ];
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;").replaceAll("\n", "&#10;");
}
