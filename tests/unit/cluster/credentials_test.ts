import assert from "node:assert/strict";
import { readCredentials } from "../../../lib/cluster/credentials.ts";

async function kubeconfig(text: string): Promise<string> {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/config`, text);
  return `${folder}/config`;
}

const config = (user: string, cluster = 'server: "https://c.example.com/"') => `
current-context: main
clusters: [{ name: c, cluster: { ${cluster} } }]
users: [{ name: u, user: { ${user} } }]
contexts: [{ name: main, context: { cluster: c, user: u, namespace: team } }, { name: lost, context: { cluster: nowhere } }]
`;

Deno.test("certificates, tokens and passwords are read from the kubeconfig and from files beside it", async () => {
  const path = await kubeconfig(
    config(
      `client-certificate-data: ${btoa("CERT")}, client-key: key.pem`,
      `server: "https://c.example.com/", certificate-authority-data: ${btoa("CA")}`,
    ),
  );
  await Deno.writeTextFile(path.replace("config", "key.pem"), "KEY");
  const credentials = await readCredentials({ kubeconfig: path, environment: {} });
  assert.deepEqual([credentials.server, credentials.context, credentials.namespace], [
    "https://c.example.com",
    "main",
    "team",
  ]);
  assert.deepEqual(await credentials.tls(), { caCerts: ["CA"], cert: "CERT", key: "KEY" });
  assert.equal(await credentials.authorization(), undefined);
  const token = await readCredentials({
    kubeconfig: await kubeconfig(config("token: abc")),
    environment: {},
  });
  assert.equal(await token.authorization(), "Bearer abc");
  const basic = await readCredentials({
    kubeconfig: await kubeconfig(config("username: ann, password: pw")),
    environment: {},
  });
  assert.equal(await basic.authorization(), `Basic ${btoa("ann:pw")}`);
});

Deno.test("a token file is read again after the token was refused", async () => {
  const path = await kubeconfig(config("tokenFile: token"));
  const file = path.replace("config", "token");
  await Deno.writeTextFile(file, "one\n");
  const credentials = await readCredentials({ kubeconfig: path, environment: {} });
  assert.equal(await credentials.authorization(), "Bearer one");
  await Deno.writeTextFile(file, "two\n");
  assert.equal(await credentials.authorization(), "Bearer one");
  credentials.expire();
  assert.equal(await credentials.authorization(), "Bearer two");
});

Deno.test("several kubeconfigs are merged as kubectl does: the first to name a thing wins", async () => {
  const first = await kubeconfig(
    "current-context: main\nusers: [{ name: u, user: { token: first } }]\n",
  );
  const second = await kubeconfig(config("token: second"));
  const credentials = await readCredentials({
    environment: { KUBECONFIG: `${first}:/nowhere:${second}` },
  });
  assert.equal(await credentials.authorization(), "Bearer first");
});

Deno.test("a login program of the kubeconfig is run, and its failure is told", async () => {
  const answer = JSON.stringify({
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    status: { token: "from-the-program" },
  });
  const exec = (command: string) =>
    `exec: { apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ${command}, args: [${
      JSON.stringify(answer)
    }] }`;
  const good = await readCredentials({
    kubeconfig: await kubeconfig(config(exec("echo"))),
    environment: {},
  });
  assert.equal(await good.authorization(), "Bearer from-the-program");
  const bad = await readCredentials({
    kubeconfig: await kubeconfig(config(exec("/nowhere/login"))),
    environment: {},
  });
  await assert.rejects(bad.authorization(), { code: "unauthorized", hint: /kubectl/ });
});

const wrong: readonly [string, string, string | undefined, RegExp, RegExp | undefined][] = [
  ["no such context", config("token: a"), "other", /no context other/, /main, lost/],
  ["no such cluster", config("token: a"), "lost", /no cluster nowhere/, /It has: c/],
  ["no context at all", "clusters: []\n", undefined, /no current context/, undefined],
  ["no YAML", "{ not yaml", undefined, /not YAML/, undefined],
  ["another shape", "clusters: yes please\n", undefined, /not valid/, undefined],
  [
    "TLS without verification",
    config("token: a", 'server: "https://c", insecure-skip-tls-verify: true'),
    undefined,
    /insecure-skip-tls-verify/,
    /certificate-authority-data/,
  ],
  [
    "another server name",
    config("token: a", 'server: "https://c", tls-server-name: x'),
    undefined,
    /tls-server-name/,
    undefined,
  ],
];
for (const [what, text, context, message, hint] of wrong) {
  Deno.test(`a kubeconfig with ${what} is refused`, async () => {
    const path = await kubeconfig(text);
    await assert.rejects(
      readCredentials({
        kubeconfig: path,
        environment: {},
        ...(context === undefined ? {} : { context }),
      }),
      { code: "kubeconfig", message, ...(hint === undefined ? {} : { hint }) },
    );
  });
}

Deno.test("no kubeconfig at all is told with what to do", async () => {
  await assert.rejects(readCredentials({ environment: { HOME: "/nowhere" } }), {
    code: "kubeconfig",
    message: /\/nowhere\/\.kube\/config/,
    hint: /--kubeconfig/,
  });
});
