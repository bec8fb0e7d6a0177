/** The check `cvat-task`: tasks can be made, with labels of several shapes, and only their owner sees them. @module */
import { z } from "zod";
import { CheckFailure, defineCheck } from "../check.ts";
import { valueOf } from "../settings_schema.ts";
import { cvatApi, excerpt } from "./api.ts";
import { apiOf, cvatSettings, self } from "./settings.ts";
import { labelId, makeTask, removeAbandoned } from "./tasks.ts";

const task = z.object({
  id: z.int(),
  name: z.string(),
  owner: z.object({ id: z.int() }).nullish(),
});
const labels = z.object({
  results: z.array(z.object({
    name: z.string(),
    color: z.string().optional(),
    type: z.string().optional(),
    attributes: z.array(
      z.object({ name: z.string(), input_type: z.string(), values: z.array(z.string()) }),
    )
      .default([]),
  })),
});

/** A plain label, one with a colour, one for a shape, one with attributes. */
const LABELS = [
  { name: "plain" },
  { name: "coloured", color: "#c06060" },
  { name: "polygons", type: "polygon" },
  {
    name: "with attributes",
    attributes: [
      {
        name: "state",
        mutable: true,
        input_type: "select",
        default_value: "new",
        values: ["new", "worn"],
      },
      {
        name: "count",
        mutable: false,
        input_type: "number",
        default_value: "1",
        values: ["1", "9", "1"],
      },
    ],
  },
] as const;

/** A task, and the id of its owner. */
export interface OwnedTask {
  readonly id: number;
  readonly owner: number;
}

/** Basic authentication as cvat-cli does it; made, read back, hidden from others. */
export const cvatTaskCheck = defineCheck({
  id: "cvat-task",
  title: "Tasks",
  proves:
    "An account can make a task through the API, and it is there for its owner and for nobody else.",
  needs: ["cvat-health"],
  deadline: 60,
  settings: cvatSettings,
  async run(given, context) {
    const api = await apiOf(given, context);
    const me = await api.expect(200, self, "/api/users/self");
    context.evidence("account", `groups ${me.groups.join(", ") || "none"}`);
    const abandoned = await removeAbandoned(api);
    if (abandoned > 0) context.evidence("left by killed runs, now removed", abandoned);
    const made = await makeTask(api, "task", LABELS, { context, ...given });
    const read = await api.expect(200, task, `/api/tasks/${made.id}`);
    if (read.owner?.id !== me.id) {
      throw new CheckFailure(
        `Task ${made.id} belongs to ${read.owner?.id ?? "nobody"}, not to its maker`,
        {
          probably: "The request was taken for another account's.",
        },
      );
    }
    const page = await api.expect(200, labels, `/api/labels?task_id=${made.id}&page_size=100`);
    for (const wanted of LABELS) {
      labelId(made, wanted.name);
      const found = page.results.find(({ name }) => name === wanted.name);
      const attributes = "attributes" in wanted ? wanted.attributes.length : 0;
      const same = found !== undefined && found.attributes.length === attributes &&
        (!("color" in wanted) || found.color?.toLowerCase() === wanted.color) &&
        (!("type" in wanted) || found.type === wanted.type);
      if (!same) {
        throw new CheckFailure(`The label ${wanted.name} was not kept as it was sent`, {
          probably: "Another release answers than the one that was deployed.",
        });
      }
    }
    context.evidence("labels", page.results.length);
    await checkStrangers(made.id, given, context);
    return { id: made.id, owner: me.id } satisfies OwnedTask;
  },
});

async function checkStrangers(
  id: number,
  { url, outsider }: z.output<typeof cvatSettings>,
  context: Parameters<typeof cvatTaskCheck.run>[1],
): Promise<void> {
  const stranger = await cvatApi(context, { url }).ask(`/api/tasks/${id}`);
  if (stranger.status !== 401) {
    throw new CheckFailure(
      `A stranger is answered ${stranger.status}, not 401: ${excerpt(stranger)}`,
      {
        probably: stranger.status < 400
          ? "Requests without credentials are somebody's: the proxy or the middleware signs everybody in."
          : "The server is not well.",
      },
    );
  }
  if (outsider === undefined) {
    return context.evidence("outsider", "none is given; a stranger sees nothing");
  }
  const [username, password] = await Promise.all([
    valueOf(outsider.username, context),
    valueOf(outsider.password, context),
  ]);
  const answer = await cvatApi(context, { url, username, password }).ask(`/api/tasks/${id}`);
  if (answer.status === 403 || answer.status === 404) {
    return context.evidence("outsider", `answered ${answer.status}`);
  }
  throw new CheckFailure(
    `Another account is answered ${answer.status} for a task that is not its own`,
    {
      probably: answer.status < 400
        ? "The rules let everybody in: OPA holds other rules than CVAT's, or the account is an administrator."
        : "The account can't log in, or the server is not well.",
      hint: "The check of OPA says whether the rules are right; look at the account's groups.",
    },
  );
}
