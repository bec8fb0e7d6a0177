/** CVAT's manifests, rendered as a user would have them. */
import { loadComponent, resolveParameters, settleComponent } from "../lib/component/mod.ts";
import { type DesiredObject, render } from "../lib/render/mod.ts";

const FOLDER = new URL("../manifests/cvat/", import.meta.url);
/** Variables of its secret parameters. */
export const SECRETS = [
  "ADMIN_PASSWORD",
  "POSTGRES_PASSWORD",
  "CLICKHOUSE_PASSWORD",
  "VALKEY_PASSWORD",
  "OAUTH2_CLIENT_SECRET",
] as const;
export const IMAGES = [
  "server",
  "ui",
  "opa",
  "postgres",
  "valkey",
  "kvrocks",
  "vector",
  "oauth2Proxy",
];
/** Of every image. */
export const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

/** All files of the component. */
export async function readFiles(
  folder = "",
): Promise<{ path: string; bytes: Uint8Array<ArrayBuffer> }[]> {
  const entries = await Array.fromAsync(Deno.readDir(new URL(folder, FOLDER)));
  const files = await Promise.all(entries.map(async ({ name, isDirectory }) => {
    const path = `${folder}${name}`;
    return isDirectory
      ? await readFiles(`${path}/`)
      : [{ path, bytes: await Deno.readFile(new URL(path, FOLDER)) }];
  }));
  return files.flat();
}

/** The objects of the component, with choices among its parameters, and by their variables secrets. */
export async function renderCvat(
  choices: Readonly<Record<string, string>> = {},
  secrets: Readonly<Partial<Record<typeof SECRETS[number], string>>> = {},
): Promise<DesiredObject[]> {
  const files = await readFiles();
  const declared = loadComponent(files, { folder: "cvat" });
  const given = {
    domain: "example.com",
    tlsSecret: "example-com-tls",
    ...Object.fromEntries(IMAGES.map((name) => [`${name}Digest`, DIGEST])),
    ...choices,
  };
  const parameters = await resolveParameters(declared, {
    set: Object.entries(given).map(([name, value]) => `${name}=${value}`),
    environment: Object.fromEntries(
      SECRETS.map((name) => [`PLUMB_PARAMETER_${name}`, secrets[name] ?? "a-secret"]),
    ),
  });
  const component = settleComponent(declared, parameters);
  return await render({ files, component, parameters });
}
