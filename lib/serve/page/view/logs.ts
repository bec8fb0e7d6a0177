/** Logs of a component's containers. @module */
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { counted } from "../../../report/words.ts";
import type { Pods } from "../../contract.ts";
import { html } from "../html.ts";
import { api, type LogPlace } from "../net/api.ts";
import { componentAddress } from "../state/route.ts";
import { useAnswer } from "./hooks.ts";
import { LogView } from "./log_view.ts";
import { Empty, ProblemBox, Waiting } from "./parts.ts";

type Pod = Pods["pods"][number];

const LOOK_MILLISECONDS = 5_000;

/** Chooses a container and shows its log. */
export function Logs({ name, version, query }: {
  readonly name: string;
  readonly version: string;
  readonly query: ReadonlyMap<string, string>;
}): VNode {
  const turn = useTurn(LOOK_MILLISECONDS);
  const { value, problem } = useAnswer((signal) => api.pods(name, signal), [name, version, turn]);
  if (value === undefined) {
    return problem === undefined
      ? html`<${Waiting}>Looking for pods…<//>`
      : html`<${ProblemBox} problem=${problem} />`;
  }
  if (value.pods.length === 0) {
    return html`
      <${Empty} title="There is no pod.">
        <p>Pods appear here by themselves once a workload is deployed.</p>
        <//>
    `;
  }
  const chosen = chosenOf(value.pods, query);
  return html`
    <${ContainerSelect} name=${name} pods=${value.pods} chosen=${chosen} />
    ${chosen === undefined ? null : html`
      <${ContainerLog} key=${`${chosen.pod.namespace}/${chosen.pod.name}/${chosen.container.name}`}
        name=${name} chosen=${chosen} previous=${query.get("previous") === "true"} />
    `}
  `;
}

interface Chosen {
  readonly pod: Pod;
  readonly container: Pod["containers"][number];
}

/** What the address names; else what has trouble, since that is what people look for. */
function chosenOf(pods: readonly Pod[], query: ReadonlyMap<string, string>): Chosen | undefined {
  const owner = query.get("owner");
  const among = owner === undefined ? pods : pods.filter((pod) =>
    pod.owner !== undefined &&
    `${pod.owner.kind}/${pod.owner.namespace ?? ""}/${pod.owner.name}` === owner
  );
  const all = among.flatMap((pod) => pod.containers.map((container) => ({ pod, container })));
  return all.find(({ pod, container }) =>
    pod.name === query.get("pod") && container.name === query.get("container")
  ) ??
    all.find(({ container }) =>
      container.message !== undefined && !container.ready && !container.init
    ) ??
    all.find(({ container }) => !container.init);
}

function ContainerSelect({ name, pods, chosen }: {
  readonly name: string;
  readonly pods: readonly Pod[];
  readonly chosen: Chosen | undefined;
}): VNode {
  const choose = (event: Event) => {
    const [pod = "", container = ""] = (event.currentTarget as HTMLSelectElement).value.split("/");
    location.hash = componentAddress(name, "logs", { pod, container });
  };
  return html`<label class="container">Container <select onChange=${choose}>${
    pods.map((pod) =>
      html`<optgroup key=${pod.name} label=${`${pod.name} (${pod.phase})`}>${
        pod.containers.map((container) => {
          const restarts = container.restarts === 0
            ? ""
            : `, ${counted(container.restarts, "restart")}`;
          const selected = pod.name === chosen?.pod.name &&
            container.name === chosen.container.name;
          return html`<option key=${container.name} value=${`${pod.name}/${container.name}`} selected=${selected}>
        ${`${
            container.init ? "init: " : ""
          }${container.name} – ${container.state}${restarts}`}</option>`;
        })
      }</optgroup>`
    )
  }</select></label>`;
}

function ContainerLog({ name, chosen, previous }: {
  readonly name: string;
  readonly chosen: Chosen;
  readonly previous: boolean;
}): VNode {
  const { pod, container } = chosen;
  const place: LogPlace = {
    component: name,
    namespace: pod.namespace,
    pod: pod.name,
    container: container.name,
    previous,
  };
  const other = componentAddress(name, "logs", {
    pod: pod.name,
    container: container.name,
    ...(previous ? {} : { previous: "true" }),
  });
  return html`
    ${container.message === undefined
      ? null
      : html`<p class="box ${
        container.ready ? "calm" : "warn"
      }"><strong>${container.state}:</strong> ${container.message}</p>`}
    ${container.restarts === 0 && !previous
      ? null
      : html`<p><a href=${other}>${
        previous ? "The log since the last restart" : "The log before the last restart"
      }</a></p>`}
    <${LogView} key=${String(previous)} place=${place} />
  `;
}

/** Counts up every so many milliseconds, while the page is looked at. */
function useTurn(milliseconds: number): number {
  const [turn, next] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) next((before) => before + 1);
    }, milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
  return turn;
}
