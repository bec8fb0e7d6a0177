/**
 * The two mutations that REST doesn't have: a draft that becomes ready, and the other way round.
 * @module
 */
import { z } from "zod";
import { pullNode } from "./pull_shapes.ts";
import { now, pageOf } from "./shapes.ts";
import type { State } from "./state.ts";

const asked = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullable().default({}),
});

const DRAFTS: Readonly<Record<string, boolean>> = {
  markPullRequestReadyForReview: false,
  convertPullRequestToDraft: true,
};

const refuse = (type: string, message: string) => ({ data: null, errors: [{ type, message }] });

/** Answers a request of GraphQL. What is refused is an answer too. */
export function answerGraphql(state: State, body: unknown, readOnly: string | undefined): unknown {
  const { success, data } = asked.safeParse(body);
  if (!success) {
    return { errors: [{ message: "A query attribute must be specified and must be a string." }] };
  }
  const mutation = Object.keys(DRAFTS).find((name) => data.query.includes(name));
  if (mutation === undefined) {
    return refuse("UNDEFINED_FIELD", "The double knows two mutations, and this is neither");
  }
  if (readOnly !== undefined) return refuse("FORBIDDEN", readOnly);
  const written = data.query.match(/pullRequestId:\s*"([^"]+)"/)?.[1];
  const named = z.union([z.string(), z.object({ pullRequestId: z.string() })]);
  const ids = Object.values(data.variables ?? {}).map((value) => named.safeParse(value).data)
    .map((value) => typeof value === "object" ? value.pullRequestId : value);
  const pull = state.pulls.find((each) => [written, ...ids].includes(pullNode(each)));
  if (pull === undefined) {
    return refuse(
      "NOT_FOUND",
      `Could not resolve to a node with the global id of '${written ?? ids[0]}'`,
    );
  }
  if (pull.state === "closed") return refuse("UNPROCESSABLE", "Pull request is closed");
  pull.draft = DRAFTS[mutation]!;
  pull.updated = now();
  return {
    data: {
      [mutation]: {
        pullRequest: {
          id: pullNode(pull),
          number: pull.number,
          isDraft: pull.draft,
          state: pull.state.toUpperCase(),
          title: pull.title,
          url: pageOf(state.place, `/pull/${pull.number}`),
        },
        clientMutationId: null,
      },
    },
  };
}
