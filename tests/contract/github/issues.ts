/**
 * Comments and labels. The only issues that there are, are pull requests.
 * @module
 */
import { z } from "zod";
import { checkLength, invalid, missing, type Routes } from "./exchange.ts";
import { changeState, checkTexts } from "./pull_life.ts";
import { commentShape, issueShape, label } from "./pull_shapes.ts";
import { now } from "./shapes.ts";
import type { Comment, State } from "./state.ts";

const R = "/repos/{owner}/{repo}/issues";
const ONE = `${R}/{issue_number}`;

const text = z.object({ body: z.string() });
const named = z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]);
const labels = z.object({ labels: z.array(named).default([]) });
const edit = z.object({
  title: z.union([z.string(), z.number()]).transform(String),
  body: z.string().nullable(),
  state: z.enum(["open", "closed"]),
  labels: z.array(named),
}).partial();

/** The routes, for one repository. */
export function issueRoutes(state: State): Routes {
  return { ...commentRoutes(state), ...labelRoutes(state) };
}

function checkText(body: string): void {
  if (body.trim() === "") {
    throw invalid({ resource: "IssueComment", field: "body", code: "missing_field" });
  }
  checkLength("IssueComment", body);
}

/** Keeps a comment. */
export function addComment(
  state: State,
  said: Pick<Comment, "issue" | "author" | "body">,
): Comment {
  const time = now();
  const comment = { ...said, id: state.nextId(), created: time, updated: time };
  state.comments.push(comment);
  return comment;
}

function commentRoutes(state: State): Routes {
  return {
    [`GET ${ONE}/comments`]: ({ parameters }) => {
      const { number } = state.pull(parameters.issue_number);
      const found = state.comments.filter(({ issue }) => issue === number);
      return { status: 200, items: found.map((comment) => commentShape(state, comment)) };
    },
    [`POST ${ONE}/comments`]: ({ parameters, body: given, who }) => {
      const pull = state.pull(parameters.issue_number);
      const { body } = text.parse(given);
      checkText(body);
      const comment = addComment(state, { issue: pull.number, author: who.login, body });
      pull.updated = comment.created;
      return { status: 201, body: commentShape(state, comment) };
    },
    [`PATCH ${R}/comments/{comment_id}`]: ({ parameters, body: given }) => {
      const comment = state.comments.find(({ id }) => String(id) === parameters.comment_id);
      if (comment === undefined) throw missing();
      const { body } = text.parse(given);
      checkText(body);
      comment.body = body;
      comment.updated = now();
      return { status: 200, body: commentShape(state, comment) };
    },
  };
}

function labelRoutes(state: State): Routes {
  const shapes = (names: readonly string[]) => names.map((name) => label(state, name));
  return {
    [`GET ${ONE}/labels`]: ({ parameters }) => ({
      status: 200,
      items: shapes(state.pull(parameters.issue_number).labels),
    }),
    [`POST ${ONE}/labels`]: ({ parameters, body }) => {
      const pull = state.pull(parameters.issue_number);
      pull.labels = [...new Set([...pull.labels, ...labels.parse(body ?? {}).labels])];
      return { status: 200, body: shapes(pull.labels) };
    },
    [`PUT ${ONE}/labels`]: ({ parameters, body }) => {
      const pull = state.pull(parameters.issue_number);
      pull.labels = [...new Set(labels.parse(body ?? {}).labels)];
      return { status: 200, body: shapes(pull.labels) };
    },
    [`PATCH ${ONE}`]: async ({ parameters, body }) => {
      const pull = state.pull(parameters.issue_number);
      const { state: to, ...wanted } = edit.parse(body ?? {});
      checkTexts(wanted.title, wanted.body);
      if (to !== undefined) await changeState(state, pull, to);
      if (wanted.title !== undefined) pull.title = wanted.title;
      if (wanted.body !== undefined) pull.body = wanted.body;
      if (wanted.labels !== undefined) pull.labels = [...new Set(wanted.labels)];
      pull.updated = now();
      return { status: 200, body: issueShape(state, pull) };
    },
  };
}
