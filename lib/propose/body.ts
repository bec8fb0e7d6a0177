/** What a pull request says. The same drift is always told in the same words. @module */
import { structuredPatch } from "diff";
import { formatPath } from "../field_path.ts";
import { describe } from "../object.ts";
import { code, fenced, safeText } from "../report/mod.ts";
import { blame, byObject, type DraftedProposal, type Drift, type LeftOut } from "./drift.ts";

/** GitHub takes no more than 65,536 characters; a mark of ours comes behind. */
const MAX_LENGTH = 64_000;
/** Of what is told beside the differences. */
const MAX_ASIDE = 8_000;
const MAX_VALUE = 1_000;
const CONTEXT_LINES = 2;

/** What a policy says against the proposed state. */
export interface Objection {
  readonly policy: string;
  readonly level: "deny" | "warn" | "waived";
  readonly message: string;
}

/**
 * The text of a pull request, as Markdown. What comes from the cluster stands in code, where it means nothing.
 *
 * @param objections of the policies; undefined where none was asked.
 */
export function bodyOf(
  component: string,
  { written, leftOut }: Pick<DraftedProposal, "written" | "leftOut">,
  objections: readonly Objection[] | undefined,
): string {
  const intro =
    `The cluster differs from Git in what it runs of **${component}**. This writes the live values into Git. ` +
    "Merge it to keep them, close it to let the next run with `--mode apply` bring back what Git says.";
  const asides = [policyPart(objections), ...leftOutPart(leftOut)];
  const objects = byObject(written).map(objectPart);
  let room = MAX_LENGTH - [intro, ...asides].join("\n\n").length - 200;
  const shown = objects.filter((part) => (room -= part.length + 2) >= 0);
  const more = objects.length - shown.length;
  const rest = more === 0
    ? []
    : [`… and ${more} more ${more === 1 ? "object" : "objects"}: the changed files show them.`];
  return [intro, ...shown, ...rest, ...asides].join("\n\n");
}

function objectPart(items: readonly Drift[]): string {
  const [first] = items;
  if (first === undefined) return "";
  const place = code(`${first.file}:${first.edit.line}`);
  const lines = items.flatMap(({ difference }) =>
    difference === undefined ? ["- the object: it was deleted from the cluster"] : [
      `@@ ${safeText(formatPath(difference.path))} @@ by ${safeText(blame(difference.owner))}`,
      ...diffOf(difference.desired, difference.live),
    ]
  );
  return [`### ${code(describe(first.object))}`, "", place, "", ...fenced(lines, "diff")].join(
    "\n",
  );
}

/** From what Git says to what lives. */
function diffOf(desired: unknown, live: unknown): string[] {
  if (typeof desired === "string" && typeof live === "string" && /\n./.test(desired + live)) {
    const { hunks } = structuredPatch("", "", desired, live, "", "", { context: CONTEXT_LINES });
    const lines = hunks.flatMap(({ lines }) => lines.map((line) => cut(safeText(line))));
    return lines.length <= MAX_LINES
      ? lines
      : [...lines.slice(0, MAX_LINES), `… ${lines.length - MAX_LINES} more lines`];
  }
  return [
    ...(desired === undefined ? [] : [`- ${inline(desired)}`]),
    ...(live === undefined ? [] : [`+ ${inline(live)}`]),
  ];
}

const MAX_LINES = 60;

const inline = (value: unknown) => cut(safeText(JSON.stringify(value)));

function cut(text: string): string {
  return text.length <= MAX_VALUE
    ? text
    : `${text.slice(0, MAX_VALUE)}… (${text.length} characters)`;
}

function policyPart(objections: readonly Objection[] | undefined): string {
  if (objections === undefined) {
    return "### Policies\n\nThey were not asked: `spec.policy` of the component is off.";
  }
  if (objections.length === 0) {
    return "### Policies\n\nThey have nothing against the proposed state.";
  }
  const lines = objections.map(({ policy, level, message }) => `${level} ${policy}: ${message}`);
  const isDenied = objections.some(({ level }) => level === "deny");
  const title = isDenied
    ? "### Policies forbid this\n\nIt stays a draft as long as they do."
    : "### Policies\n\nThey let it pass, but say:";
  return `${title}\n\n${list(lines)}`;
}

function leftOutPart(leftOut: readonly LeftOut[]): string[] {
  if (leftOut.length === 0) return [];
  const lines = leftOut.map(({ object, path, reason }) =>
    `${describe(object)}${path === undefined ? "" : ` ${path}`}: ${reason}`
  );
  return [`### Left out\n\n${list(lines)}`];
}

/** Lines that don't take the room of others. */
function list(lines: readonly string[]): string {
  const safe = lines.map((line) => cut(safeText(line)));
  let room = MAX_ASIDE;
  const shown = safe.filter((line) => (room -= line.length + 1) >= 0);
  const more = safe.length - shown.length;
  return fenced([...shown, ...(more === 0 ? [] : [`… and ${more} more`])], "text").join("\n");
}
