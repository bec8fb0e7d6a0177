/**
 * The programs that Plumb itself runs. Those of the sandbox are with the sandbox.
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Archive, Tool } from "./tool.ts";

const KUSTOMIZE_VERSION = "v5.8.1";

/** @param sha256 Of the release's archive. */
function kustomizeArchive(platform: string, sha256: string): Archive {
  const root = "https://github.com/kubernetes-sigs/kustomize/releases/download";
  return {
    folder: `kustomize-${KUSTOMIZE_VERSION}`,
    url:
      `${root}/kustomize%2F${KUSTOMIZE_VERSION}/kustomize_${KUSTOMIZE_VERSION}_${platform}.tar.gz`,
    checksum: `sha256:${sha256}`,
    limit: 50_000_000,
    members: ["kustomize"],
  };
}

/** Renders kustomizations. */
export const KUSTOMIZE: Tool = {
  name: "kustomize",
  lookups: [{ variable: "PLUMB_KUSTOMIZE" }, "path"],
  fitting: { arguments: ["version"], output: /^v?5\./m },
  archives: {
    "linux-x86_64": kustomizeArchive(
      "linux_amd64",
      "029a7f0f4e1932c52a0476cf02a0fd855c0bb85694b82c338fc648dcb53a819d",
    ),
    "linux-aarch64": kustomizeArchive(
      "linux_arm64",
      "0953ea3e476f66d6ddfcd911d750f5167b9365aa9491b2326398e289fef2c142",
    ),
    "darwin-x86_64": kustomizeArchive(
      "darwin_amd64",
      "ee7cf0c1e3592aa7bb66ba82b359933a95e7f2e0b36e5f53ed0a4535b017f2f8",
    ),
    "darwin-aarch64": kustomizeArchive(
      "darwin_arm64",
      "8886f8a78474e608cc81234f729fda188a9767da23e28925802f00ece2bab288",
    ),
  },
  build: {
    folder: `kustomize-${KUSTOMIZE_VERSION}`,
    package: `sigs.k8s.io/kustomize/kustomize/v5@${KUSTOMIZE_VERSION}`,
  },
  install: "Install kustomize 5, or Go 1.22 or newer to build it.",
};

const OPA_VERSION = "v0.63.0";

/** Judges by policies. The version that CVAT itself uses on Thinkube; any newer one knows their language, too. */
export const OPA: Tool = {
  name: "opa",
  lookups: [{ variable: "PLUMB_OPA" }, "path"],
  fitting: { arguments: ["version"], output: /^Version: (0\.(59|[6-9]\d)|[1-9])\b/m },
  // Its own module can't be installed by version alone, so a module of this project has it as its program.
  build: {
    folder: `opa-${OPA_VERSION}`,
    module: fileURLToPath(new URL("opa", import.meta.url)),
    linkerFlags: "-s -w",
    duration: "about a minute",
  },
  install: "Install OPA 0.59 or newer, or Go 1.22 or newer to build it.",
};

/** Fetches revisions. */
export const GIT: Tool = {
  name: "git",
  lookups: [{ variable: "PLUMB_GIT" }, "path"],
  install: "Install git 2.34 or newer with the package manager of this system.",
};
