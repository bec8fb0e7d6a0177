/**
 * The mutations that REST doesn't have: a draft that becomes ready, the other way round, and branches that move on
 * condition that they still are where they were.
 * @module
 */
import { z } from "zod";
import { follow } from "./pull_life.ts";
import { pullNode } from "./pull_shapes.ts";
import { nodeId, now, pageOf } from "./shapes.ts";
import type { State } from "./state.ts";

const asked = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullable().default({}),
});

const refuse = (type: string, message: string) => ({ data: null, errors: [{ type, message }] });

const moving = z.object({
  repositoryId: z.string(),
  refUpdates: z.array(z.strictObject({
    name: z.string().regex(/^refs\//),
    beforeOid: z.string().regex(/^[0-9a-f]{40}$/).optional(),
    afterOid: z.string().regex(/^[0-9a-f]{40}$/),
    force: z.boolean().default(false),
  })).length(1),
});
const NOTHING = "0".repeat(40);

/** Answers a request of GraphQL. What is refused is an answer too. */
export async function answerGraphql(
  state: State,
  body: unknown,
  readOnly: string | undefined,
): Promise<unknown> {
  const { success, data } = asked.safeParse(body);
  if (!success) {
    return { errors: [{ message: "A query attribute must be specified and must be a string." }] };
  }
  const mutation = /\b(updateRefs|markPullRequestReadyForReview|convertPullRequestToDraft)\b/
    .exec(data.query)?.[1];
  if (mutation === undefined) {
    return refuse("UNDEFINED_FIELD", "The double knows three mutations, and this is none of them");
  }
  if (readOnly !== undefined) return refuse("FORBIDDEN", readOnly);
  return mutation === "updateRefs"
    ? await moveReference(state, data.variables)
    : changeDraft(state, mutation, data);
}

async function moveReference(state: State, variables: unknown): Promise<unknown> {
  const { success, data, error } = moving.safeParse(variables);
  if (!success) return refuse("INVALID", z.prettifyError(error));
  const { repository, owner, name: repositoryName } = state.place;
  if (data.repositoryId !== nodeId("R", `${owner}/${repositoryName}`)) {
    return refuse(
      "NOT_FOUND",
      `Could not resolve to a node with the global id of '${data.repositoryId}'`,
    );
  }
  const [{ name, beforeOid, afterOid, force }] = data.refUpdates as [
    z.output<typeof moving>["refUpdates"][number],
  ];
  const now = await repository.reference(name);
  if (beforeOid !== undefined && beforeOid !== (now ?? NOTHING)) {
    return refuse("STALE_DATA", `Reference ${name} does not point to ${beforeOid}`);
  }
  const after = afterOid === NOTHING ? undefined : afterOid;
  if (after !== undefined && await repository.typeOf(after) !== "commit") {
    return refuse("UNPROCESSABLE", `${after} is not a commit`);
  }
  const isForward = now === undefined || after === undefined ||
    await repository.isAncestor(now, after);
  if (!force && !isForward) return refuse("UNPROCESSABLE", "Update is not a fast forward");
  if (!await repository.move(name, after, now)) {
    return refuse("STALE_DATA", `Reference ${name} could not be moved`);
  }
  await follow(state, name);
  return { data: { updateRefs: { clientMutationId: null } } };
}

function changeDraft(state: State, mutation: string, data: z.output<typeof asked>): unknown {
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
  pull.draft = mutation === "convertPullRequestToDraft";
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
