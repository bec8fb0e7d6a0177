/** What a rollback tells of data. @module */
import type { Event } from "../../event.ts";
import { SYSTEM_NAMESPACE } from "../../names.ts";
import { type Retained, retainedName, type RetainedVolume } from "../retained.ts";

/** The event about one piece of data. */
type DataEvent = Extract<Event, { type: "data" }>;

/** A volume in words, with its size. */
export function volumeInWords({ name, capacity, claim }: RetainedVolume): string {
  return `PersistentVolume ${name} (${capacity}) of claim ${claim.namespace}/${claim.name}`;
}

/** What stays, where, and how it comes back. */
export function keptEvents(retained: Retained): DataEvent[] {
  return [
    ...retained.volumes.map((volume): DataEvent => ({
      type: "data",
      state: "kept",
      what: volumeInWords(volume),
      message: "set to Retain. The next deploy binds it to that claim",
    })),
    ...retained.secrets.map(({ namespace, name, data }): DataEvent => ({
      type: "data",
      state: "kept",
      what: `Secret ${namespace}/${name}, ${Object.keys(data).join(", ")}`,
      message: `in Secret ${SYSTEM_NAMESPACE}/${retainedName(retained.component)}. ` +
        "The next deploy uses it again",
    })),
    ...outsideEvents(retained),
  ];
}

/** What a deploy finds again. Told before it; when it is back, the deploy tells itself. */
export function returningEvents({ volumes, secrets }: Retained): DataEvent[] {
  return [
    ...volumes.map((volume): DataEvent => ({
      type: "data",
      state: "back",
      what: volumeInWords(volume),
      message: "a rollback has kept it, and the deploy binds it to that claim again",
    })),
    ...secrets.map(({ namespace, name, data }): DataEvent => ({
      type: "data",
      state: "back",
      what: `Secret ${namespace}/${name}, ${Object.keys(data).join(", ")}`,
      message: "a rollback has kept it, and the deploy uses it again",
    })),
  ];
}

/** Data that is not the component's own. */
export function outsideEvents({ outside }: Retained): DataEvent[] {
  return outside.map(({ what, where, back }) => (
    { type: "data", state: "kept", what, message: `${where}. ${back}` }
  ));
}

/** What is deleted for good. */
export function lostEvents({ volumes, secrets }: Retained): DataEvent[] {
  const message = "goes for good";
  return [
    ...volumes.map((volume): DataEvent => (
      { type: "data", state: "lost", what: volumeInWords(volume), message }
    )),
    ...secrets.map(({ namespace, name, data }): DataEvent => ({
      type: "data",
      state: "lost",
      what: `Secret ${namespace}/${name}, ${Object.keys(data).join(", ")}`,
      message,
    })),
  ];
}
