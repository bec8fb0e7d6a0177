/** Asks OPA what the policies object to. @module */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { PlumbError } from "../errors.ts";
import type { FieldPath } from "../field_path.ts";
import { type ObjectReference, referenceOf } from "../object.ts";
import type { DesiredObject } from "../render/types.ts";

/** The policies that Plumb brings. */
const POLICIES = fileURLToPath(new URL("../../policies", import.meta.url));

/** Something that a policy objects to, and where. */
export interface Violation {
  readonly policy: string;
  readonly level: "deny" | "warn";
  readonly message: string;
  readonly fix: string;
  readonly reference: ObjectReference | undefined;
  readonly file: string | undefined;
  readonly line: number | undefined;
}

/** A planned change, as policies see it. */
export interface PlannedChange {
  readonly action: string;
  readonly reference: ObjectReference;
}

/** What is judged. Secret values must not be in it. */
export interface Judged {
  readonly component: { readonly name: string; readonly namespace: string };
  readonly objects: readonly DesiredObject[];
  readonly plan: readonly PlannedChange[];
}

/** Why policies could not be asked. */
export class PolicyError extends PlumbError {
  override readonly name = "PolicyError";

  constructor(message: string, hint: string, cause?: unknown) {
    super("policy-failed", message, { hint, cause });
  }
}

const MILLISECONDS = 60_000;
const MAX_VIOLATIONS = 1_000;

const step = z.union([z.string(), z.number()]);
const answer = z.object({
  result: z.array(z.object({
    expressions: z.array(z.object({
      value: z.array(z.object({
        policy: z.string(),
        level: z.enum(["deny", "warn"]),
        message: z.string(),
        fix: z.string(),
        index: z.int().optional(),
        path: z.array(step).optional(),
        reference: z.object({
          group: z.string(),
          kind: z.string(),
          namespace: z.string().optional(),
          name: z.string(),
        }).optional(),
      })),
    })),
  })).min(1),
});

/**
 * Judges objects and a plan, all in one call.
 *
 * @param program path of OPA.
 * @returns violations in the order of files and lines.
 * @throws {PolicyError} when OPA can't judge, since then nothing may pass.
 */
export async function evaluate(
  program: string,
  { component, objects, plan }: Judged,
  signal: AbortSignal,
): Promise<Violation[]> {
  const input = JSON.stringify({ component, objects: objects.map(({ object }) => object), plan });
  const output = await run(program, input, signal);
  const { success, data } = answer.safeParse(parse(output));
  if (!success) {
    throw new PolicyError(
      "OPA's answer can't be read",
      "Is PLUMB_OPA, or the opa on the PATH, OPA 0.59 or newer?",
    );
  }
  const found = data.result[0]?.expressions[0]?.value ?? [];
  const violations = found.slice(0, MAX_VIOLATIONS).map((item): Violation => {
    const { policy, level, message, fix } = item;
    const desired = item.index === undefined ? undefined : objects[item.index];
    return {
      policy,
      level,
      message,
      fix,
      reference: desired === undefined ? item.reference : referenceOf(desired.object),
      file: desired?.provenance.file,
      line: desired === undefined ? undefined : lineOf(desired, item.path ?? []),
    };
  });
  return violations.sort((left, right) =>
    (left.file ?? "").localeCompare(right.file ?? "") || (left.line ?? 0) - (right.line ?? 0) ||
    left.message.localeCompare(right.message)
  );
}

/** The line of a field, or of the nearest field above it that is written out. */
function lineOf(desired: DesiredObject, path: readonly (string | number)[]): number {
  const steps: FieldPath = path.map((name) =>
    typeof name === "number" ? { index: name } : { field: name }
  );
  for (let length = steps.length; length > 0; length--) {
    const line = desired.lineOf(steps.slice(0, length));
    if (line !== undefined) return line;
  }
  return desired.provenance.line;
}

async function run(program: string, input: string, signal: AbortSignal): Promise<string> {
  const child = new Deno.Command(program, {
    args: [
      "eval",
      "--data",
      POLICIES,
      "--stdin-input",
      "--format",
      "json",
      "--strict-builtin-errors",
      "data.plumb.violations",
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    clearEnv: true,
    signal: AbortSignal.any([signal, AbortSignal.timeout(MILLISECONDS)]),
  }).spawn();
  const written = write(child.stdin, input);
  const { success, stdout, stderr } = await child.output();
  await written;
  signal.throwIfAborted();
  const text = new TextDecoder().decode(stdout);
  if (success) return text;
  const words = (new TextDecoder().decode(stderr) + text).replaceAll(`${POLICIES}/`, "").trim();
  throw new PolicyError(
    `The policies can't be asked: ${words.slice(0, 500)}`,
    "Correct the policy; `opa check policies` shows the same.",
  );
}

/** A program that ends before it has read everything says why itself. */
async function write(stdin: WritableStream<Uint8Array<ArrayBuffer>>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    writer.releaseLock();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Changes with the content of the policies. */
export async function policyHash(): Promise<string> {
  const hash = createHash("sha256");
  const names = (await Array.fromAsync(Deno.readDir(POLICIES))).map(({ name }) => name)
    .filter((name) => name.endsWith(".rego") && !name.endsWith("_test.rego"));
  for (const name of names.sort()) {
    hash.update(`${name}\n`).update(await Deno.readFile(join(POLICIES, name)));
  }
  return hash.digest("base64url");
}
