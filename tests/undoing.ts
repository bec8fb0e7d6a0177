/** What tests of undoing look at. */
import type { Event } from "../lib/event.ts";
import type { KubernetesObject } from "../lib/object.ts";
import { FAIL_ANNOTATION } from "../lib/sandbox/mod.ts";
import { deployment, type Run } from "./plumb.ts";

type Undo = Extract<Event, { type: "undo" }>;

export const undosOf = ({ events }: Run): Undo[] =>
  events.filter((event): event is Undo => event.type === "undo");

export const statesOf = (run: Run): string[] => undosOf(run).map(({ state }) => state);

export const valueOf = (object: KubernetesObject | undefined): string | undefined =>
  (object?.["data"] as Record<string, string> | undefined)?.["key"];

export const imageOf = (object: KubernetesObject | undefined): string | undefined =>
  (object?.["spec"] as { template: { spec: { containers: { image: string }[] } } } | undefined)
    ?.template.spec.containers[0]?.image;

export const APP = (tag: string): string => `registry.example.com/app:${tag}`;

/** A Deployment of that image, which fails if one says how. */
export const web = (tag: string, failure?: string): string =>
  deployment("web", {
    image: APP(tag),
    ...(failure === undefined ? {} : { template: `${FAIL_ANNOTATION}: ${failure}` }),
  });

/** A Service of the pods of `web`. */
export const service = (name: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec:\n  selector: { app: web }\n  ports: [{ port: 80 }]\n`;
