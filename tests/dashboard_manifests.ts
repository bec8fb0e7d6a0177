/** The dashboard's manifests, rendered as a user would have them. */
import { join } from "node:path";
import {
  type ComponentFile,
  loadComponent,
  resolveParameters,
  settleComponent,
} from "../lib/component/mod.ts";
import type { KubernetesObject } from "../lib/object.ts";
import { render } from "../lib/render/mod.ts";

const FOLDER = new URL("../manifests/plumb-dashboard", import.meta.url).pathname;
const IMAGE = `registry.example.com/plumb:1@sha256:${"0".repeat(64)}`;

/** All objects of the component, with the addresses from which identity headers are believed. */
export async function renderDashboard(
  ingressAddresses = "10.1.0.0/16",
): Promise<KubernetesObject[]> {
  const files: ComponentFile[] = [];
  for await (const { name } of Deno.readDir(FOLDER)) {
    files.push({ path: name, bytes: await Deno.readFile(join(FOLDER, name)) });
  }
  const declared = loadComponent(files, { folder: "plumb-dashboard" });
  const parameters = await resolveParameters(declared, {
    set: [
      "domain=example.com",
      `image=${IMAGE}`,
      `oauth2ProxyImage=${IMAGE}`,
      "source=https://git.example.com/team/platform.git",
      `ingressAddresses=${ingressAddresses}`,
      "tlsSecret=example-com-tls",
    ],
  });
  const component = settleComponent(declared, parameters);
  return (await render({ files, component, parameters })).map(({ object }) => object);
}

/** The arguments of a Deployment's container. */
export function argumentsOf(objects: readonly KubernetesObject[], deployment: string): string[] {
  const found = objects.find(({ kind, metadata }) =>
    kind === "Deployment" && metadata.name === deployment
  );
  const { template } = (found?.["spec"] ?? {}) as {
    template: { spec: { containers: { args: string[] }[] } };
  };
  return template.spec.containers[0]?.args ?? [];
}
