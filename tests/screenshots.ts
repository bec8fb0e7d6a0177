// deno-lint-ignore-file no-console
/**
 * Takes the README's pictures of the dashboard: CVAT is deployed by clicking, then somebody scales a Deployment by hand.
 *
 *     deno task screenshots [FOLDER]
 */
import { startKeycloakStandIn } from "../lib/cli/keycloak_stand_in.ts";
import { installPlatform, tlsSecretName } from "../lib/cli/platform.ts";
import { Cluster } from "../lib/cluster/mod.ts";
import { startSandbox } from "../lib/sandbox/mod.ts";
import { closeBrowser, dashboardOf, see, view } from "./browser.ts";
import { DIGEST, IMAGES, SECRETS } from "./cvat.ts";
import { DEPLOYMENTS, QUIET, SERVICES } from "./plumb.ts";

const DOMAIN = "example.com";
const FOLDER = Deno.args[0] ?? new URL("../.github/images", import.meta.url).pathname;

await Deno.mkdir(FOLDER, { recursive: true });
await using sandbox = await startSandbox({ progress: (line) => console.log(line) });
const { kubeconfig } = sandbox;
await using keycloak = startKeycloakStandIn();
await using _platform = await installPlatform({ kubeconfig, domain: DOMAIN, keycloak }, QUIET);
const secrets = Object.fromEntries(
  SECRETS.map((name) => [`PLUMB_PARAMETER_${name}`, crypto.randomUUID()]),
);
const set = [
  `domain=${DOMAIN}`,
  `tlsSecret=${tlsSecretName(DOMAIN)}`,
  `keycloakServer=${keycloak.url}`,
  ...IMAGES.map((name) => `${name}Digest=${DIGEST}`),
];
await using dashboard = await dashboardOf(
  { folder: "manifests", name: "cvat", kubeconfig },
  { set },
  secrets,
);
await using viewer = await view(dashboard.actor);
const { page } = viewer;
const picture = async (name: string) => {
  const path = `${FOLDER}/${name}.png`;
  await page.screenshot({ path });
  console.log(`${path}: ${(await Deno.stat(path)).size} bytes`);
};

await page.getByRole("link", { name: "cvat" }).click();
// No image runs on this node, so most checks can't pass.
await page.getByRole("checkbox").uncheck();
await page.getByRole("button", { name: "Deploy" }).click();
await see(page, "waits to be confirmed");
await page.getByRole("button", { name: "Deploy" }).click();
await see(page, "Waiting for");
await picture("deploy");
await page.getByRole("link", { name: "Back to cvat" }).click();
await see(page, "in sync");

using cluster = await Cluster.connect({ kubeconfig, environment: {} });
const backend = { namespace: "cvat", name: "cvat-backend" };
await cluster.patch(DEPLOYMENTS, backend, { spec: { replicas: 3 } }, "merge", "kubectl-scale");
await cluster.delete(SERVICES, { namespace: "cvat", name: "opa" });
await see(page, /2 other than Git says/);
await page.getByRole("link", { name: /^Deployment cvat\/cvat-backend/ }).click();
await see(page, "kubectl-scale");
await picture("component");
await page.getByRole("button", { name: "Deploy" }).click();
await see(page, "waits to be confirmed");
await picture("plan");
await closeBrowser();
