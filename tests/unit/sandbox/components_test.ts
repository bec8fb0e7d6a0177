import assert from "node:assert/strict";
import { COMPONENTS, flags } from "../../../lib/sandbox/components.ts";

const LAYOUT = { folder: "/data", port: 6443, kubeletPort: 10250 };

Deno.test("no component listens anywhere but on loopback or a socket", () => {
  for (const component of COMPONENTS) {
    for (const flag of flags(component, LAYOUT)) {
      const address = flag.match(/address=(.+)$|urls?=(.+)$/)?.slice(1).find(Boolean);
      if (address === undefined || flag.includes("address-types")) continue;
      assert.match(address, /^127\.0\.0\.1(:10250)?$|^unix:/, `${component} ${flag}`);
    }
  }
});

Deno.test("components other than the API server and kwok have no port", () => {
  for (const component of ["kube-controller-manager", "kube-scheduler"] as const) {
    assert.ok(flags(component, LAYOUT).includes("--secure-port=0"), component);
  }
});

Deno.test("all files of a component are in the sandbox's folder", () => {
  for (const component of COMPONENTS) {
    const paths = flags(component, LAYOUT).flatMap((flag) => flag.match(/=(\/.+)$/)?.[1] ?? []);
    assert.ok(paths.length > 0, component);
    for (const path of paths) assert.match(path, /^\/data\//);
  }
});
