/** What a pull request says. The same drift is always told in the same words. @module */
import { describe } from "../object.ts";
import { formatPath } from "../field_path.ts";
import { blame, byObject, type DraftedProposal, type Drift, type LeftOut } from "./drift.ts";

/** GitHub takes no more than 65,536 characters. */
const MAX_LENGTH = 60_000;

/** What a policy objects to. */
export interface Objection {
  readonly policy: string;
  readonly message: string;
}

/**
 * The text of a pull request, as Markdown. What comes from the cluster stands in code blocks, so that it means nothing.
 *
 * @param objections of the policies against the proposed state.
 */
export function bodyOf(
  component: string,
  { written, leftOut }: Pick<DraftedProposal, "written" | "leftOut">,
  objections: readonly Objection[],
): string {
  const parts = [
    `The cluster differs from Git in what it runs of **${component}**. This writes the live values into Git. ` +
    "Merge it to keep them, close it to let the next run with `--mode apply` bring back what Git says.",
    ...byObject(written).map(objectPart),
    ...(objections.length === 0 ? [] : [objectionPart(objections)]),
    ...(leftOut.length === 0 ? [] : [leftOutPart(leftOut)]),
  ];
  const text = parts.join("\n\n");
  return text.length <= MAX_LENGTH
    ? text
    : `${text.slice(0, text.lastIndexOf("\n\n", MAX_LENGTH))}\n\n… and more than fits here.`;
}

function objectPart(items: readonly Drift[]): string {
  const [first] = items;
  if (first === undefined) return "";
  const lines = items.map(({ difference }) =>
    difference === undefined ? "the object was deleted from the cluster" : [
      `${formatPath(difference.path)}  # by ${blame(difference.owner)}`,
      `- ${inline(difference.desired)}`,
      `+ ${inline(difference.live)}`,
    ].join("\n")
  );
  return `### ${describe(first.object)}\n\n\`${first.file}:${first.edit.line}\`\n\n${
    fenced(lines.join("\n"), "diff")
  }`;
}

function inline(value: unknown): string {
  return value === undefined ? "(absent)" : JSON.stringify(value);
}

/** A block that no content can end. */
export function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

function objectionPart(objections: readonly Objection[]): string {
  const lines = objections.map(({ policy, message }) => `${policy}: ${message}`);
  return `### Policies forbid this\n\nIt stays a draft as long as they do.\n\n${
    fenced(lines.join("\n"), "text")
  }`;
}

function leftOutPart(leftOut: readonly LeftOut[]): string {
  const lines = leftOut.map(({ object, path, reason }) =>
    `${describe(object)}${path === undefined ? "" : ` ${path}`}: ${reason}`
  );
  return `### Left out\n\n${fenced(lines.join("\n"), "text")}`;
}
