/**
 * Release manifests of popular projects, with custom objects for the kinds that they define. They come from the
 * projects' Go modules when they are needed.
 */
import assert from "node:assert/strict";
import { z } from "zod";

/** Manifests of one project. */
export interface Release {
  /** Also of the component and its namespace. */
  readonly name: string;
  /** Path and version of the Go module. */
  readonly module: string;
  /** Hash of the module's content, as go.sum has it. */
  readonly sum: string;
  /** Paths in the module. */
  readonly files: readonly string[];
}

/** Each brings something that the others lack. */
export const RELEASES: readonly Release[] = [
  {
    // A StatefulSet, Redis with its generated settings, a definition of a megabyte.
    name: "argocd",
    module: "github.com/argoproj/argo-cd/v2@v2.14.11",
    sum: "h1:vkw8Ib/fOGsWD7HSUw8+5yXbXPYkGIJqs0wA2h9MX2s=",
    files: [
      "manifests/install.yaml",
      ...yaml("docs/operator-manual/", ["application", "project"]),
      ...yaml("applicationset/examples/", [
        "list-generator/list-example",
        "matrix/list-and-git",
      ]),
    ],
  },
  {
    // Custom objects with embedded pod specs, quantities and durations.
    name: "prometheus-operator",
    module: "github.com/prometheus-operator/prometheus-operator@v0.81.0",
    sum: "h1:+3DLFPMKBehPrVDO/WMFnDlb2qJLAVQcjeUmVt1YBuA=",
    files: [
      "bundle.yaml",
      ...yaml("example/user-guides/alerting/", [
        "alertmanager-config-example",
        "alertmanager-example",
        "alertmanager-example-service",
        "prometheus-example",
        "prometheus-example-rules",
      ]),
      ...yaml("example/user-guides/getting-started/", [
        "example-app-deployment",
        "example-app-pod-monitor",
        "example-app-service",
        "example-app-service-monitor",
        "prometheus-admin-api",
        "prometheus-service",
      ]),
      ...yaml("example/thanos/", ["prometheus", "prometheus-rule", "thanos-ruler"]),
    ],
  },
  {
    // Webhook configurations that fail while their server is away, as it is here.
    name: "cloudnative-pg",
    module: "github.com/cloudnative-pg/cloudnative-pg@v1.25.1",
    sum: "h1:Yc6T7ikQ1AiWXBQht+6C3DoihrIpUN2OkM1dIwqadTo=",
    files: ["releases/cnpg-1.25.1.yaml"],
  },
  {
    // Rules in CEL and defaults within lists.
    name: "gateway-api",
    module: "sigs.k8s.io/gateway-api@v1.2.1",
    sum: "h1:fZZ/+RyRb+Y5tGkwxFKuYuSRQHu9dZtbjenblleOLHM=",
    files: [
      ...yaml("config/crd/standard/gateway.networking.k8s.io_", [
        "gatewayclasses",
        "gateways",
        "grpcroutes",
        "httproutes",
        "referencegrants",
      ]),
      ...yaml("examples/standard/", [
        "0-namespaces",
        "basic-grpc",
        "default-match-http",
        "gateway-addresses",
        "grpc-filter",
        "http-filter",
        "http-request-header-set",
        "http-rewrite",
        "httproute",
        "reference-grant",
        "tls-basic",
        "tls-cert-cross-namespace",
        "wildcard-tls-gateway",
      ]),
    ],
  },
  {
    // Four megabytes in 17 definitions, and ClusterRoles that the cluster fills by aggregation.
    name: "kyverno-latest",
    module: "github.com/kyverno/kyverno@v1.15.2",
    sum: "h1:1eDivq33TEgHwZkPl/4Id+9p+x6/3ieg1WzBGjmHWk0=",
    files: ["config/install-latest-testing.yaml"],
  },
  {
    // Custom objects with intervals, percentages, and pod templates of their own.
    name: "argo-rollouts",
    module: "github.com/argoproj/argo-rollouts@v1.8.3",
    sum: "h1:blbtQva4IK9r6gFh+dWkCrLnFdPOWiv9ubQYu36qeaA=",
    files: [
      "manifests/install.yaml",
      ...yaml("examples/", [
        "analysis-templates",
        "cluster-analysis-templates",
        "experiment-with-analysis",
        "rollout-analysis-step",
        "rollout-bluegreen",
        "rollout-canary",
        "rollout-secret",
        "rollout-template-ref",
      ]),
    ],
  },
  {
    // Jobs that run before the rest, DaemonSets, and a webhook that admits its own kinds.
    name: "knative-serving",
    module: "knative.dev/serving@v0.47.0",
    sum: "h1:qNe8GcI12VigsGRqBojqTE/u63rikAWAtGliEOgNxAY=",
    files: [
      "third_party/cert-manager-latest/cert-manager.yaml",
      "third_party/contour-latest/contour.yaml",
    ],
  },
];

function yaml(prefix: string, names: readonly string[]): string[] {
  return names.map((name) => `${prefix}${name}.yaml`);
}

const Download = z.object({ Dir: z.string(), Sum: z.string() });

/**
 * Downloads a module with the Go client, unless it is in its cache.
 *
 * @returns Its folder.
 */
export async function moduleFolder({ module, sum }: Release): Promise<string> {
  const elsewhere = await Deno.makeTempDir({ prefix: "plumb-module-" });
  try {
    const { success, stdout, stderr } = await new Deno.Command("go", {
      args: ["mod", "download", "-json", module],
      cwd: elsewhere,
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.ok(success, text + new TextDecoder().decode(stderr));
    const download = Download.parse(JSON.parse(text));
    assert.equal(download.Sum, sum, `${module} is not what was pinned`);
    return download.Dir;
  } finally {
    await Deno.remove(elsewhere);
  }
}
