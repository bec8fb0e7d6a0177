/** KeycloakClient against a real Keycloak: planned, compared, applied, pruned; and told when something is wrong. */
import assert from "node:assert/strict";
import {
  documents,
  errorOf,
  NAMESPACE,
  planOf,
  SECRETS,
  type Workspace,
  workspace,
} from "../plumb.ts";
import { type Keycloak, testKeycloak } from "../contract/servers/keycloak.ts";

interface Space extends AsyncDisposable {
  readonly space: Workspace;
  readonly keycloak: Keycloak;
  readonly realm: string;
  write(more?: Partial<Declaration>): Promise<void>;
  client(): Promise<Client | undefined>;
}

interface Declaration {
  readonly server: string;
  readonly realm: string;
  readonly fields: string;
  readonly credentials: string;
}

interface Client {
  readonly id: string;
  readonly secret: string;
  readonly redirectUris: string[];
  readonly attributes: Record<string, string>;
  readonly protocolMappers?: { id: string; name: string }[];
  readonly directAccessGrantsEnabled: boolean;
}

async function open(): Promise<Space> {
  const [space, keycloak] = await Promise.all([workspace(), testKeycloak()]);
  const realm = `realm-${crypto.randomUUID().slice(0, 8)}`;
  await send(keycloak, "", "POST", { realm, enabled: true });
  const write = async (more: Partial<Declaration> = {}) => {
    const {
      server = keycloak.url,
      realm: other = realm,
      fields = "",
      credentials = keycloak.adminPassword,
    } = more;
    await space.write({
      "app.yaml": documents(
        NAMESPACE,
        `apiVersion: v1
kind: Secret
metadata: { name: admin }
stringData: { username: ${keycloak.adminUsername}, password: "${credentials}" }
`,
        `apiVersion: plumb.thinkube.io/v1alpha1
kind: KeycloakClient
metadata: { name: cvat, annotations: { config.kubernetes.io/depends-on: /namespaces/NAMESPACE/Secret/admin } }
spec:
  server: ${server}
  realm: ${other}
  credentials: { namespace: NAMESPACE, name: admin }
  client:
    clientId: cvat
    redirectUris: [https://cvat.example.com/oauth2/callback]
    protocolMappers:
      - name: audience-mapper
        type: oidc-audience-mapper
        config: { included.client.audience: cvat, id.token.claim: "true" }
${fields}  secret: { name: login, key: client-secret }
`,
      ),
    });
  };
  // Credentials are there before the component is: they belong to the platform.
  await space.write({
    "app.yaml": documents(
      NAMESPACE,
      `apiVersion: v1\nkind: Secret\nmetadata: { name: admin }\nstringData: { username: ${keycloak.adminUsername}, password: "${keycloak.adminPassword}" }\n`,
    ),
  });
  assert.equal((await space.reconcile()).code, 0);
  return {
    space,
    keycloak,
    realm,
    write,
    async client() {
      const answer = await keycloak.admin(`/${realm}/clients?clientId=cvat`);
      const [found] = await answer.json() as Client[];
      if (found === undefined) return undefined;
      const secret = await (await keycloak.admin(`/${realm}/clients/${found.id}/client-secret`))
        .json() as { value: string };
      return { ...found, secret: secret.value };
    },
    async [Symbol.asyncDispose]() {
      await send(keycloak, `/${realm}`, "DELETE");
      await space[Symbol.asyncDispose]();
    },
  };
}

async function send(
  keycloak: Keycloak,
  path: string,
  method: string,
  json?: unknown,
): Promise<void> {
  const answer = await keycloak.admin(path, { method, ...(json === undefined ? {} : { json }) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
}

async function kept(space: Workspace): Promise<string> {
  const data = (await space.get(SECRETS, "login"))?.["data"] as Record<string, string>;
  return atob(data["client-secret"] ?? "");
}

const fieldsOf = (run: Parameters<typeof planOf>[0]) =>
  planOf(run).filter(({ object }) => object.kind === "KeycloakClient")
    .map(({ action, fields }) => [action, fields.map(({ path }) => path).sort()]);

Deno.test("a client is made, stays, is brought back with the names of its fields, and goes", async () => {
  await using own = await open();
  const { space, keycloak, realm } = own;
  await own.write();
  const first = await space.reconcile();
  assert.equal(first.code, 0, first.output);
  const made = await own.client();
  assert.ok(made);
  assert.deepEqual(made.redirectUris, ["https://cvat.example.com/oauth2/callback"]);
  assert.equal(made.attributes["pkce.code.challenge.method"], "S256");
  assert.equal(made.directAccessGrantsEnabled, false);
  assert.equal(await kept(space), made.secret);
  assert.ok(made.secret.length >= 40 && !first.output.includes(made.secret));
  for (
    const run of [await space.reconcile(), await space.diff(), await space.diff(["--refresh"])]
  ) {
    assert.deepEqual([run.code, planOf(run)], [0, []], run.output);
  }

  await send(keycloak, `/${realm}/clients/${made.id}`, "PUT", {
    clientId: "cvat",
    redirectUris: ["https://cvat.example.com/oauth2/callback", "https://evil.example.org/*"],
    webOrigins: [],
    directAccessGrantsEnabled: true,
    attributes: { "pkce.code.challenge.method": "", "other.tool": "its own" },
  });
  const mapper = made.protocolMappers?.find(({ name }) => name === "audience-mapper");
  await send(
    keycloak,
    `/${realm}/clients/${made.id}/protocol-mappers/models/${mapper?.id}`,
    "DELETE",
  );
  const expected = [["update", [
    'spec.client.attributes["pkce.code.challenge.method"]',
    "spec.client.directAccessGrantsEnabled",
    "spec.client.protocolMappers.audience-mapper",
    "spec.client.redirectUris",
  ]]];
  const diff = await space.diff();
  assert.deepEqual([diff.code, fieldsOf(diff)], [2, expected], diff.output);
  assert.equal((await space.reconcile()).code, 0);
  const healed = await own.client();
  assert.deepEqual(healed?.redirectUris, made.redirectUris);
  assert.equal(healed?.attributes["other.tool"], "its own");
  assert.equal(healed?.protocolMappers?.length, 1);
  assert.deepEqual(planOf(await space.diff()), []);

  // Somebody made a new secret at Keycloak: the Secret follows.
  await send(keycloak, `/${realm}/clients/${made.id}/client-secret`, "POST");
  const followed = await space.reconcile();
  assert.equal(followed.code, 0);
  const rotated = await own.client();
  assert.notEqual(rotated?.secret, made.secret);
  assert.equal(await kept(space), rotated?.secret);

  // Deleted by hand, it comes back with the secret that is known.
  await send(keycloak, `/${realm}/clients/${made.id}`, "DELETE");
  assert.deepEqual(fieldsOf(await space.reconcile()), [["create", []]]);
  assert.equal((await own.client())?.secret, rotated?.secret);

  await space.write({
    "app.yaml": documents(
      NAMESPACE,
      `apiVersion: v1\nkind: Secret\nmetadata: { name: admin }\nstringData: { username: ${keycloak.adminUsername}, password: "${keycloak.adminPassword}" }\n`,
    ),
  });
  const pruned = await space.reconcile(["--yes"]);
  assert.equal(pruned.code, 0, pruned.output);
  assert.equal(await own.client(), undefined);
});

Deno.test("a client that was made by hand is taken over, one of another component is not", async () => {
  await using own = await open();
  const { space, keycloak, realm } = own;
  await send(keycloak, `/${realm}/clients`, "POST", {
    clientId: "cvat",
    secret: "made-by-hand",
    redirectUris: ["https://old.example.com/*"],
  });
  await own.write();
  const diff = await space.diff();
  assert.equal(fieldsOf(diff)[0]?.[0], "adopt", diff.output);
  assert.equal((await space.reconcile()).code, 0);
  assert.deepEqual([(await own.client())?.secret, await kept(space)], [
    "made-by-hand",
    "made-by-hand",
  ]);

  await using other = await open();
  await send(keycloak, `/${other.realm}/clients`, "POST", {
    clientId: "cvat",
    attributes: { "plumb.thinkube.io.component": "somebody" },
  });
  await other.write();
  const refused = await other.space.reconcile();
  assert.equal(refused.code, 1, refused.output);
  assert.match(refused.output, /It belongs to component somebody/);
});

Deno.test("what is wrong with Keycloak or the declaration is told, and nothing is written", async () => {
  await using own = await open();
  const { space } = own;
  const silent = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("<html>hello</html>"),
  );
  const hanging = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Promise(() => {}),
  );
  const cases: [Partial<Declaration>, RegExp][] = [
    [{ server: `http://127.0.0.1:${hanging.addr.port}` }, /no answer within 20 s/],
    [{ server: "http://127.0.0.1:1" }, /Keycloak can't be reached/],
    [{ server: `http://127.0.0.1:${silent.addr.port}` }, /not Keycloak's admin API/],
    [{ server: "http://auth.example.com" }, /spec\.server: must begin with https/],
    [{ realm: "nowhere" }, /no realm nowhere/],
    [{ fields: "    baseUrl: 7\n" }, /baseUrl/],
    [{ fields: "    publicKlient: true\n" }, /publicKlient/],
  ];
  for (const [declaration, message] of cases) {
    await own.write(declaration);
    const run = await space.reconcile();
    assert.equal(run.code, 1, run.output);
    assert.match(`${errorOf(run).message} ${errorOf(run).hint}`, message);
    assert.match(errorOf(run).place ?? "", /app\.yaml/);
    assert.equal(await own.client(), undefined);
  }
  await silent.shutdown();
  void hanging.shutdown();
  await space.cluster.patch(SECRETS, { namespace: space.name, name: "admin" }, {
    stringData: { password: "not-the-password" },
  }, "merge");
  await own.write();
  const wrong = await space.reconcile();
  assert.match(errorOf(wrong).message, /refuses the login/);
  assert.doesNotMatch(wrong.output, /not-the-password/);
  await space.cluster.delete(SECRETS, { namespace: space.name, name: "admin" });
  assert.match(
    errorOf(await space.reconcile()).message,
    /Secret .*\/admin with Keycloak's credentials does not exist/,
  );
});
