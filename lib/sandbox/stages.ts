/**
 * What kwok plays for the pods of a sandbox, in its Stage API (`kwok.x-k8s.io/v1alpha1`): a stage matches
 * pods by their present state and patches their status to the next. Templates are Go templates.
 *
 * A pod becomes ready at once, and one of a Job then completes, unless {@link FAIL_ANNOTATION} asks for a
 * failure.
 * @module
 */

/** Annotation of a pod (or of a pod template) that makes it fail on purpose; its value is a {@link Failure}. */
export const FAIL_ANNOTATION = "sandbox.plumb.thinkube.io/fail";

/**
 * Ways to fail: the image cannot be pulled; the container crashes again and again; it runs but its readiness
 * probe fails; it runs and then ends with exit code 1, as the pod of a failing Job does.
 */
export type Failure = "image-pull" | "crash-loop" | "never-ready" | "job";

type Expression = { key: string; operator: string; values?: string[] };

const SCHEDULED: Expression = { key: ".status.podIP", operator: "DoesNotExist" };
const ALIVE: Expression = { key: ".metadata.deletionTimestamp", operator: "DoesNotExist" };
const RUNNING: Expression = { key: ".status.phase", operator: "In", values: ["Running"] };
const OF_JOB: Expression = {
  key: ".metadata.ownerReferences.[].kind",
  operator: "In",
  values: ["Job"],
};
const NOT_READY: Expression = {
  key: '.status.conditions.[] | select( .type == "Ready" ) | .status',
  operator: "NotIn",
  values: ["True"],
};

function failure(operator: "In" | "NotIn", ...values: Failure[]): Expression {
  return { key: `.metadata.annotations["${FAIL_ANNOTATION}"]`, operator, values };
}

const STARTED = `
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) | Quote }}
startTime: {{ $now | Quote }}
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  restartCount: 0
  {{ if eq ( or .restartPolicy "" ) "Always" }}
  started: true
  state: { running: { startedAt: {{ $now | Quote }} } }
  {{ else }}
  started: false
  state: { terminated: { exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }} } }
  {{ end }}
{{ end }}`;

const GATES = `
{{ range .spec.readinessGates }}
- { type: {{ .conditionType | Quote }}, status: "True", lastTransitionTime: {{ $now | Quote }} }
{{ end }}`;

/** Conditions of a pod; `reason` says why it is not ready. */
function conditions(reason?: string): string {
  const status = reason === undefined ? `status: "True"` : `status: "False", reason: ${reason}`;
  return `
conditions:
- { type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }} }
- { type: PodReadyToStartContainers, status: "True", lastTransitionTime: {{ $now | Quote }} }
- { type: ContainersReady, ${status}, lastTransitionTime: {{ $now | Quote }} }
- { type: Ready, ${status}, lastTransitionTime: {{ $now | Quote }} }${GATES}`;
}

/** Statuses of all containers of a pod; `state` may use `.name` and `.image` of the container. */
function containers(ready: boolean, restarts: number, state: string): string {
  return `
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: ${ready}
  started: ${ready}
  restartCount: ${restarts}
  ${state}
{{ end }}`;
}

const RUNS = `state: { running: { startedAt: {{ $now | Quote }} } }`;

function ended(exitCode: number, reason: string): string {
  return `terminated: { exitCode: ${exitCode}, reason: ${reason}, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }} }`;
}

function waiting(reason: string, message: string): string {
  return `state: { waiting: { reason: ${reason}, message: '${message}' } }`;
}

interface Stage {
  readonly name: string;
  readonly when: readonly Expression[];
  readonly phase: "Pending" | "Running" | "Succeeded" | "Failed";
  readonly status: readonly string[];
  /** Told as a warning about the pod. */
  readonly event?: { readonly reason: string; readonly message: string };
}

const STAGES: readonly Stage[] = [
  {
    name: "pod-ready",
    when: [ALIVE, SCHEDULED, failure("NotIn", "image-pull", "crash-loop", "never-ready")],
    phase: "Running",
    status: [STARTED, conditions(), containers(true, 0, RUNS)],
  },
  {
    name: "pod-complete",
    when: [ALIVE, RUNNING, OF_JOB, failure("NotIn", "crash-loop", "never-ready", "job")],
    phase: "Succeeded",
    status: [
      conditions("PodCompleted"),
      containers(false, 0, `state: { ${ended(0, "Completed")} }`),
    ],
  },
  {
    name: "pod-fail",
    when: [ALIVE, RUNNING, failure("In", "job")],
    phase: "Failed",
    status: [conditions("PodFailed"), containers(false, 0, `state: { ${ended(1, "Error")} }`)],
  },
  {
    name: "pod-image-pull",
    when: [ALIVE, SCHEDULED, failure("In", "image-pull")],
    phase: "Pending",
    status: [
      STARTED,
      conditions("ContainersNotReady"),
      containers(
        false,
        0,
        waiting("ImagePullBackOff", `Back-off pulling image "{{ .image }}": not found`),
      ),
    ],
    event: { reason: "Failed", message: "Failed to pull image: not found" },
  },
  {
    name: "pod-crash-loop",
    when: [ALIVE, SCHEDULED, failure("In", "crash-loop")],
    phase: "Running",
    status: [
      STARTED,
      conditions("ContainersNotReady"),
      containers(
        false,
        5,
        `lastState: { ${ended(1, "Error")} }\n  ` +
          waiting("CrashLoopBackOff", "back-off 2m40s restarting failed container={{ .name }}"),
      ),
    ],
    event: { reason: "BackOff", message: "Back-off restarting failed container" },
  },
  {
    name: "pod-never-ready",
    when: [ALIVE, SCHEDULED, failure("In", "never-ready")],
    phase: "Running",
    status: [
      STARTED,
      conditions("ContainersNotReady"),
      containers(false, 0, `${RUNS}`),
    ],
    event: { reason: "Unhealthy", message: "Readiness probe failed: connection refused" },
  },
];

const NODE_CONDITIONS = `
{{ $now := Now }}
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
`;

/** The stages as the configuration file of kwok: YAML documents. */
export function stagesText(): string {
  const playing = STAGES.map(({ name, when, phase, status, event }) =>
    stage("Pod", name, when, {
      ...event === undefined ? {} : { event: { type: "Warning", ...event } },
      statusTemplate: `{{ $now := Now }}\nphase: ${phase}${status.join("")}\n`,
    })
  );
  const deleting = stage("Pod", "pod-delete", [{ ...ALIVE, operator: "Exists" }], {
    finalizers: { empty: true },
    delete: true,
  });
  const node = stage("Node", "node-ready", [NOT_READY], { statusTemplate: NODE_CONDITIONS });
  return [...playing, deleting, node].map((document) => `${JSON.stringify(document)}\n`).join(
    "---\n",
  );
}

function stage(
  kind: "Pod" | "Node",
  name: string,
  when: readonly Expression[],
  next: unknown,
): unknown {
  return {
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "Stage",
    metadata: { name },
    spec: {
      resourceRef: { apiGroup: "v1", kind },
      selector: { matchExpressions: when },
      next,
    },
  };
}
