/** Tasks that checks make, and remove again. @module */
import { z } from "zod";
import { type CheckContext, CheckFailure } from "../check.ts";
import { type CvatApi, pause } from "./api.ts";
import { apiOf } from "./settings.ts";

const created = z.object({ id: z.int(), name: z.string() });
const labelPage = z.object({ results: z.array(z.object({ id: z.int(), name: z.string() })) });
const taskPage = z.object({
  results: z.array(z.object({ id: z.int(), name: z.string(), created_date: z.string() })),
});

/** What every task of a check is named with. */
const PREFIX = "plumb-verify-";
/** A task of a run that is that old is nobody's any more. */
const ABANDONED_MILLISECONDS = 60 * 60 * 1000;

/** A label as it is asked for. */
export interface LabelRequest {
  readonly name: string;
  readonly color?: string;
  readonly type?: string;
  readonly attributes?: readonly Readonly<Record<string, unknown>>[];
}

/** A task, and the ids of its labels by name. */
export interface Task {
  readonly id: number;
  readonly labels: ReadonlyMap<string, number>;
}

/** What will be removed. */
export interface Removable {
  readonly name: string;
  /** Spares the search for it; null when nothing was made. */
  id?: number | null;
}

interface Removal {
  readonly context: CheckContext;
  readonly account: Parameters<typeof apiOf>[0]["account"];
  readonly url: string;
}

/**
 * Sees to it that a task is removed when all checks have ended, made or not. To be called before it is made: an interrupt
 * can come between what the server does and its answer.
 *
 * @returns the name that it must have.
 */
export function removeLater(
  what: string,
  { context, account, url }: Removal,
): Removable {
  const task: Removable = { name: `${context.marker}-${what}` };
  context.cleanup(`task ${task.name}`, async (ways) => {
    if (task.id === null) return;
    const own = await apiOf({ url, account }, context, ways);
    const ids = task.id === undefined ? await idsNamed(own, task.name, ways.signal) : [task.id];
    for (const id of ids) {
      const { status } = await own.ask(`/api/tasks/${id}`, { method: "DELETE" });
      if (status !== 204 && status !== 404) throw new Error(`DELETE answers ${status}`);
    }
  });
  return task;
}

/** Makes a task that is removed when all checks have ended. */
export async function makeTask(
  api: CvatApi,
  what: string,
  labels: readonly LabelRequest[],
  removal: Removal,
): Promise<Task> {
  const task = removeLater(what, removal);
  const { id } = await api.expect(
    201,
    created,
    "/api/tasks",
    api.json({ name: task.name, labels }),
  );
  task.id = id;
  const page = await api.expect(200, labelPage, `/api/labels?task_id=${id}&page_size=100`);
  return { id, labels: new Map(page.results.map((label) => [label.name, label.id])) };
}

/** What has this name, also if the server has not ended making it. */
async function idsNamed(api: CvatApi, name: string, signal: AbortSignal): Promise<number[]> {
  const find = async () => {
    const path = `/api/tasks?search=${encodeURIComponent(name)}&page_size=100`;
    const { results } = await api.expect(200, taskPage, path);
    return results.filter((task) => task.name === name).map(({ id }) => id);
  };
  const found = await find();
  if (found.length > 0) return found;
  await pause(1_000, signal);
  return await find();
}

/** The id of a label. */
export function labelId({ labels, id }: Task, name: string): number {
  const found = labels.get(name);
  if (found !== undefined) return found;
  throw new CheckFailure(
    `Task ${id} has no label ${name}, but ${[...labels.keys()].join(", ") || "none"}`,
    {
      probably: "The server has not kept what it took.",
    },
  );
}

/** Removes what runs have left that were killed. @returns how many. */
export async function removeAbandoned(api: CvatApi): Promise<number> {
  const { results } = await api.expect(
    200,
    taskPage,
    `/api/tasks?search=${PREFIX}&page_size=100`,
  );
  const old = results.filter(({ name, created_date }) =>
    name.startsWith(PREFIX) && Date.now() - Date.parse(created_date) > ABANDONED_MILLISECONDS
  );
  for (const { id } of old) await api.ask(`/api/tasks/${id}`, { method: "DELETE" });
  return old.length;
}
