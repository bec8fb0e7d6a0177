/** Manifests that many tests begin with; `NAMESPACE` stands for the namespace of the test. @module */

/** A component of one file that no policy judges; what else its spec has can follow. */
export const COMPONENT_YAML = `apiVersion: plumb.thinkube.io/v1alpha1
kind: Component
metadata: { name: NAMESPACE }
spec:
  namespace: NAMESPACE
  manifests: ["app.yaml"]
  policy: "off"
`;

/** The namespace of a test. */
export const NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: { name: NAMESPACE }\n";

/** A ConfigMap with one key. */
export function configMap(name: string, value = "one"): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata:\n  key: ${value}\n`;
}

/** A Deployment; `template` goes into the annotations of its pods, `container` into their container. */
export function deployment(
  name: string,
  options: { image?: string; annotations?: string; template?: string; container?: string } = {},
): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}${annotations(options.annotations, 2)}
spec:
  replicas: 1
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata:
      labels: { app: ${name} }${annotations(options.template, 6)}
    spec:
      containers:
        - name: app
          image: ${options.image ?? "registry.example.com/app:1"}
          ${options.container ?? ""}
`;
}

/** An empty map would be owned too, and what the cluster's controllers add to it would look like drift. */
function annotations(given: string | undefined, indent: number): string {
  return given === undefined ? "" : `\n${" ".repeat(indent)}annotations: { ${given} }`;
}

/** A Job; with `seconds`, Kubernetes removes it so long after it has finished. */
export function job(
  name: string,
  options: { command?: string; annotations?: string; template?: string; seconds?: number } = {},
): string {
  const { seconds } = options;
  return `apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}${annotations(options.annotations, 2)}
spec:${seconds === undefined ? "" : `\n  ttlSecondsAfterFinished: ${seconds}`}
  backoffLimit: 0
  template:
    metadata: { annotations: { ${options.template ?? ""} } }
    spec:
      restartPolicy: Never
      containers:
        - name: app
          image: registry.example.com/app:1
          command: [${options.command ?? "one"}]
`;
}

/** Documents of one file. */
export function documents(...texts: readonly string[]): string {
  return texts.join("---\n");
}
