/** The part of GitHub's expressions that `action.yml` uses: `${{ a.b || 'text' }}`, `==`, `!=`, `&&`, and status. */

/** What expressions can read. */
export interface Contexts {
  readonly github: unknown;
  readonly inputs?: unknown;
  readonly steps?: unknown;
  /** Whether a step before has failed. */
  readonly failed?: boolean;
}

/** A text with its expressions replaced by their values. */
export function evaluate(text: string, contexts: Contexts): string {
  return text.replaceAll(
    /\$\{\{(.*?)\}\}/g,
    (_, expression: string) => toText(either(expression.trim(), contexts)),
  );
}

function either(expression: string, contexts: Contexts): unknown {
  let value: unknown = "";
  for (const part of expression.split("||")) {
    value = both(part, contexts);
    if (isTrue(value)) return value;
  }
  return value;
}

function both(expression: string, contexts: Contexts): unknown {
  let value: unknown = "";
  for (const part of expression.split("&&")) {
    value = comparison(part, contexts);
    if (!isTrue(value)) return value;
  }
  return value;
}

function comparison(expression: string, contexts: Contexts): unknown {
  const [, left, operator, right] = /^(.+?)(==|!=)(.+)$/.exec(expression) ?? [];
  if (left === undefined || right === undefined) return operand(expression, contexts);
  const same = toText(operand(left, contexts)) === toText(operand(right, contexts));
  return operator === "==" ? same : !same;
}

function operand(expression: string, contexts: Contexts): unknown {
  const text = expression.trim();
  if (text === "always()") return true;
  if (text === "success()") return !contexts.failed;
  const literal = /^'([^']*)'$/.exec(text)?.[1];
  if (literal !== undefined) return literal;
  if (!/^(?:github|inputs|steps)(?:\.[\w-]+)+$/.test(text)) throw new Error(`Unknown: ${text}`);
  return text.split(".").reduce<unknown>(
    (value, name) =>
      typeof value === "object" && value !== null && name in value
        ? (value as Record<string, unknown>)[name]
        : undefined,
    contexts,
  );
}

const isTrue = (value: unknown) => value !== false && value !== "" && value !== undefined;
const toText = (value: unknown) => value === undefined ? "" : String(value);
