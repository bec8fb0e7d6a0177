/** The check `cvat-rules`: what OPA decides is what CVAT's API then permits, and what OPA denies it refuses. @module */
import { z } from "zod";
import { type CheckContext, CheckFailure, defineCheck } from "../check.ts";
import type { Http } from "../http.ts";
import { decide } from "../opa_client.ts";
import { service } from "../settings_schema.ts";
import type { CvatApi } from "./api.ts";
import { apiOf, cvatSettings, self } from "./settings.ts";
import type { OwnedTask } from "./task.ts";
import { removeLater } from "./tasks.ts";

const settings = cvatSettings.omit({ patience: true }).extend({
  service: service.describe("Where OPA listens."),
});
type Given = z.output<typeof settings>;

/** Who asks. */
interface Subject {
  readonly api: CvatApi;
  readonly account: Given["account"];
  readonly who: string;
  readonly user: { readonly id: number; readonly privilege: string | null };
}

/** One request: the scope that CVAT asks OPA for, and what its API answers. */
interface Question {
  readonly scope: "view" | "create" | "delete";
  readonly task: OwnedTask | undefined;
  readonly ask: (subject: Subject) => Promise<{ readonly status: number }>;
}

const task = z.custom<OwnedTask>((value) => typeof value === "object");

/** The same question to OPA and to the API, for the same user and object. */
export const cvatRulesCheck = defineCheck({
  id: "cvat-rules",
  title: "Decisions",
  proves: "CVAT's API permits what OPA allows, and refuses what OPA denies.",
  needs: ["opa", "cvat-task"],
  deadline: 60,
  settings,
  async run(given, context) {
    const opa = await context.serviceHttp(given.service);
    const made = task.parse(context.output("cvat-task"));
    const view: Question = { scope: "view", task: made, ask: askFor("GET", made) };
    const owner = await subject("the account", given.account, given, context);
    const decisions = [await compare(opa, owner, view)];
    if (given.outsider !== undefined) {
      const other = await subject("the other account", given.outsider, given, context);
      decisions.push(
        await compare(opa, other, view),
        await compare(opa, other, {
          scope: "create",
          task: undefined,
          ask: create(given, context),
        }),
        await compare(opa, other, { scope: "delete", task: made, ask: askFor("DELETE", made) }),
      );
    }
    context.evidence("the same in OPA and in the API", decisions.join("; "));
    if (given.outsider === undefined) {
      context.evidence("denied", "not compared: no other account is given");
    }
  },
});

async function subject(
  who: string,
  account: Given["account"],
  { url }: Given,
  context: CheckContext,
): Promise<Subject> {
  const api = await apiOf({ url, account }, context);
  const { id, groups } = await api.expect(200, self, "/api/users/self");
  return { api, account, who, user: { id, privilege: privilegeOf(groups) } };
}

/** The highest of the groups that CVAT's rules know. */
function privilegeOf(groups: readonly string[]): string | null {
  return ["admin", "business", "user", "worker"].find((name) => groups.includes(name)) ?? null;
}

function askFor(method: "GET" | "DELETE", { id }: OwnedTask): Question["ask"] {
  return ({ api }) => api.ask(`/api/tasks/${id}`, { method });
}

/** What is made is removed again. */
function create({ url }: Given, context: CheckContext): Question["ask"] {
  return async ({ api, account }) => {
    const task = removeLater("rules", { context, account, url });
    const body = { name: task.name, labels: [{ name: "car" }] };
    const answer = await api.ask("/api/tasks", api.json(body));
    if (answer.status === 403) task.id = null;
    return answer;
  };
}

/** @returns what both say, in words. */
async function compare(opa: Http, subject: Subject, question: Question): Promise<string> {
  const { scope, task } = question;
  const { user, who } = subject;
  const input = {
    scope,
    auth: { user, organization: null, organization_specified: false },
    resource: {
      id: task?.id ?? null,
      owner: { id: task?.owner ?? user.id },
      assignee: { id: null },
      organization: { id: null },
      project: null,
    },
  };
  const allowed = await decide(opa, "tasks/allow", input) === true;
  const what = `${scope} a task as ${who}`;
  const { status } = await question.ask(subject);
  const permits = status >= 200 && status < 300;
  if (permits === allowed && (permits || status === 403 || status === 404)) {
    return `${what}: ${allowed ? "allowed" : "denied"}`;
  }
  throw new CheckFailure(
    `OPA ${allowed ? "allows" : "denies"} to ${what}, but CVAT answers ${status}`,
    {
      probably: status >= 500
        ? "CVAT can't ask OPA: it does not reach it by its name, or gets no result."
        : "CVAT asks another OPA than this one, or one of several has other rules: a stale bundle.",
      hint:
        "Restart OPA to have its rules fetched anew; kubectl get pods,endpointslices -l app=opa",
    },
  );
}
