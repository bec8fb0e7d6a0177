/**
 * The programs of a control plane: official ones where they are at hand, else our own build of all of them.
 * @module
 */

import { fileURLToPath } from "node:url";
import { findTool, requireTool, ToolError } from "../tools/mod.ts";
import type { Archive, Tool, ToolOptions } from "../tools/mod.ts";
import { COMPONENTS } from "./components.ts";
import type { Component } from "./components.ts";

/** How each component is called: a program, and the arguments that go before its flags. */
export type Programs = Readonly<Record<Component, readonly string[]>>;

const KUBERNETES_VERSION = "v1.34.4";
const ETCD_VERSION = "v3.6.4";
const KWOK_VERSION = "v0.8.0";

const INSTALL =
  "Install Go 1.26 or newer, or let KUBEBUILDER_ASSETS name a folder with etcd and the programs " +
  `of Kubernetes 1.34 and kwok ${KWOK_VERSION}.`;

/** SHA-512 from CHANGELOG-1.34.md of kubernetes/kubernetes. */
const KUBERNETES: Tool["archives"] = {
  "linux-x86_64": kubernetesArchive(
    "amd64",
    "65c75e81e3ea488f6d42b493cad64d7577ddfa1e5372037a1c841ac069039997d359b5b2f2d44e7665bf04c48ed0065cf9d4c9801b1e63bb6a1b099ef00d4863",
  ),
  "linux-aarch64": kubernetesArchive(
    "arm64",
    "a1fad7060ed67b5634f32f3256a295179dd887dab5c82b8550c2eb62c69df34cfbb311c8f93e7608d558eba32b9e2ddc23976db39e512fd747cc6bf9b4c1765f",
  ),
};

/** SHA-256 from roles/kubespray_defaults/vars/main/checksums.yml of kubernetes-sigs/kubespray. */
const ETCD: Tool["archives"] = {
  "linux-x86_64": etcdArchive(
    "amd64",
    "4d5f3101daa534e45ccaf3eec8d21c19b7222db377bcfd5e5a9144155238c105",
  ),
  "linux-aarch64": etcdArchive(
    "arm64",
    "323421fa279f4f3d7da4c7f2dfa17d9e49529cb2b4cdf40899a7416bccdde42d",
  ),
};

/** SHA-256 as the Arch Linux package kwok-bin pins them. */
const KWOK: Tool["archives"] = {
  "linux-x86_64": kwokArchive(
    "amd64",
    "f5a4385a2ae1b9dd7f8acae18e002a75c0ebba124ae9d7259aa8dadb50711f46",
  ),
  "linux-aarch64": kwokArchive(
    "arm64",
    "628f7d277860f524a2a775c217adcc58828e7b59ab0933680315784f1b8b0e37",
  ),
};

const OFFICIAL: Readonly<Record<Component, Tool>> = {
  "etcd": official("etcd", ETCD, /Version: 3\.[5-9]\./),
  "kube-apiserver": official("kube-apiserver", KUBERNETES, /v1\.34\./),
  "kube-controller-manager": official("kube-controller-manager", KUBERNETES, /v1\.34\./),
  "kube-scheduler": official("kube-scheduler", KUBERNETES, /v1\.34\./),
  "kwok": official("kwok", KWOK, /v0\.([89]|\d\d+)\./),
};

const VERSION_PACKAGE = "k8s.io/component-base/version";

/** All components in one program; its first argument says which it is. */
const OWN: Tool = {
  name: "plumb-sandbox",
  lookups: [{ variable: "PLUMB_SANDBOX" }],
  build: {
    folder: `sandbox/${KUBERNETES_VERSION}`,
    module: fileURLToPath(new URL("./cluster", import.meta.url)),
    linkerFlags: [
      "-s -w",
      `-X ${VERSION_PACKAGE}.gitVersion=${KUBERNETES_VERSION}`,
      `-X ${VERSION_PACKAGE}.gitMajor=1`,
      `-X ${VERSION_PACKAGE}.gitMinor=34`,
      `-X ${VERSION_PACKAGE}.gitTreeState=clean`,
    ].join(" "),
    duration: "about five minutes",
  },
  install: INSTALL,
};

/**
 * Finds the programs: in the folder that `KUBEBUILDER_ASSETS` names, in the cache, in the official releases,
 * and what is then missing by a Go build.
 *
 * @throws {ToolError} When there is no way; the hint names what to install.
 */
export async function findPrograms(options: ToolOptions = {}): Promise<Programs> {
  const found = new Map<Component, readonly string[]>();
  for (const component of COMPONENTS) {
    const path = await findTool(OFFICIAL[component], options);
    if (path !== undefined) found.set(component, [path]);
  }
  const missing = () => COMPONENTS.filter((component) => !found.has(component));
  if (missing().length > 0 && await findTool(OWN, options) === undefined) {
    await bringOfficial(missing(), found, options);
  }
  if (missing().length > 0) {
    const path = await requireTool(OWN, options);
    for (const component of missing()) found.set(component, [path, component]);
  }
  return Object.fromEntries(found) as Record<Component, readonly string[]>;
}

/** Stops at the first that cannot be had: then the build, which gives all, is needed anyway. */
async function bringOfficial(
  missing: readonly Component[],
  found: Map<Component, readonly string[]>,
  options: ToolOptions,
): Promise<void> {
  try {
    for (const component of missing) {
      found.set(component, [await requireTool(OFFICIAL[component], options)]);
    }
  } catch (error) {
    const skip = error instanceof ToolError &&
      (error.code === "download-failed" || error.code === "tool-missing");
    if (!skip) throw error;
    options.progress?.(`No official release: ${error.message}`);
  }
}

function official(component: Component, archives: Tool["archives"], output: RegExp): Tool {
  return {
    name: component,
    lookups: [{ folderVariable: "KUBEBUILDER_ASSETS" }],
    fitting: { arguments: ["--version"], output },
    ...archives === undefined ? {} : { archives },
    install: INSTALL,
  };
}

function kubernetesArchive(architecture: string, sha512: string): Archive {
  const programs = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];
  return {
    folder: `kubernetes-server-${KUBERNETES_VERSION}`,
    url: `https://dl.k8s.io/${KUBERNETES_VERSION}/kubernetes-server-linux-${architecture}.tar.gz`,
    checksum: `sha512:${sha512}`,
    limit: 600_000_000,
    members: programs.map((program) => `kubernetes/server/bin/${program}`),
  };
}

function etcdArchive(architecture: string, sha256: string): Archive {
  const name = `etcd-${ETCD_VERSION}-linux-${architecture}`;
  return {
    folder: `etcd-${ETCD_VERSION}`,
    url: `https://github.com/etcd-io/etcd/releases/download/${ETCD_VERSION}/${name}.tar.gz`,
    checksum: `sha256:${sha256}`,
    limit: 60_000_000,
    members: [`${name}/etcd`],
  };
}

function kwokArchive(architecture: string, sha256: string): Archive {
  const root = "https://github.com/kubernetes-sigs/kwok/releases/download";
  return {
    folder: `kwok-${KWOK_VERSION}`,
    url: `${root}/${KWOK_VERSION}/kwok-linux-${architecture}`,
    checksum: `sha256:${sha256}`,
    limit: 120_000_000,
  };
}
