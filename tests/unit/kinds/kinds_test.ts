import assert from "node:assert/strict";
import { certificateProblem } from "../../../lib/certificate.ts";
import { Authority } from "../../../lib/sandbox/mod.ts";
import { randomText } from "../../../lib/kinds/generated_secret.ts";
import {
  type KindContext,
  type KindError,
  kindJsonSchemas,
  realizedKinds,
} from "../../../lib/kinds/mod.ts";
import type { Cluster } from "../../../lib/cluster/mod.ts";
import type { KubernetesObject } from "../../../lib/object.ts";

const PLACE = { file: "secrets.yaml", line: 3 };

function reader(...secrets: KubernetesObject[]): KindContext {
  return {
    // The kinds of these tests live in it as Secrets only.
    cluster: {} as Cluster,
    component: "web",
    declared: [],
    readSecret: (namespace, name) =>
      Promise.resolve(
        secrets.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
      ),
  };
}

function secret(
  name: string,
  data: Record<string, string>,
  more: Partial<KubernetesObject> = {},
): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "web", resourceVersion: "7" },
    type: "Opaque",
    data,
    ...more,
  };
}

async function expand(kind: string, spec: unknown, ...secrets: KubernetesObject[]) {
  const object = {
    apiVersion: "plumb.thinkube.io/v1alpha1",
    kind,
    metadata: { name: "mine", namespace: "web", labels: { app: "web" } },
    spec,
  };
  const realized = realizedKinds.get(kind);
  assert.ok(realized);
  const expansion = await realized.expand(
    { object, provenance: PLACE, lineOf: () => undefined },
    reader(...secrets),
  );
  assert.ok(expansion.object);
  return { ...expansion, object: expansion.object };
}

Deno.test("missing keys are made, living ones are kept, given ones follow Git", async () => {
  const spec = {
    generate: { KEY: { length: 50 }, NEW: { length: 20, alphabet: "hex" } },
    data: { GIVEN: "from git", NUMBER: 3 },
  };
  const { object, retain } = await expand(
    "GeneratedSecret",
    spec,
    secret("mine", { KEY: btoa("kept"), GIVEN: btoa("old"), FOREIGN: btoa("foreign") }),
  );
  const data = object["data"] as Record<string, string>;
  assert.equal(data["KEY"], btoa("kept"));
  assert.match(atob(data["NEW"] ?? ""), /^[0-9a-f]{20}$/);
  assert.deepEqual([data["GIVEN"], data["NUMBER"]], [btoa("from git"), btoa("3")]);
  // A key of somebody else is not ours to apply.
  assert.equal(data["FOREIGN"], undefined);
  assert.ok(retain);
  assert.deepEqual([object.kind, object.metadata.labels], ["Secret", { app: "web" }]);
});

Deno.test("generated text uses every character equally often", () => {
  const counts = new Map<string, number>();
  const text = randomText(62_000, "alphanumeric");
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  assert.equal(counts.size, 62);
  // 1,000 expected each; ten standard deviations are about 315.
  for (const count of counts.values()) assert.ok(count > 685 && count < 1315, String(count));
});

Deno.test("a wrong declaration is refused at its place, and never quotes a value", async () => {
  const wrong: unknown[] = [
    { generate: { KEY: {} }, data: { KEY: "my-secret-value" } },
    { generate: { KEY: { length: 3 } } },
    { generate: { KEY: { alphabet: "emoji" } } },
    { genrate: {} },
    { data: { "bad key": "my-secret-value" } },
    { data: { KEY: ["my-secret-value"] } },
    { generate: { toString: {} }, data: { toString: "my-secret-value" } },
  ];
  for (const spec of wrong) {
    await assert.rejects(expand("GeneratedSecret", spec), (error: KindError) => {
      assert.equal(error.code, "invalid");
      assert.deepEqual([error.place?.file, error.place?.line], ["secrets.yaml", 3]);
      assert.ok(!error.message.includes("my-secret-value"), error.message);
      return true;
    });
  }
});

Deno.test("names that every JavaScript object has are keys like any other", async () => {
  const spec = { generate: { toString: {} }, data: { constructor: "given" } };
  const { object } = await expand("GeneratedSecret", spec, secret("mine", {}));
  const data = object["data"] as Record<string, string>;
  assert.match(atob(String(data["toString"])), /^[A-Za-z0-9]{50}$/);
  assert.equal(data["constructor"], btoa("given"));
  const from = { namespace: "web", name: "source" };
  await assert.rejects(
    expand("SecretCopy", { from, keys: ["toString"] }, secret("source", { a: "YQ==" })),
    { code: "source-missing" },
  );
});

Deno.test("an error leads to the line of the field that is wrong", async () => {
  const paths: unknown[] = [];
  const declaration = {
    object: {
      apiVersion: "plumb.thinkube.io/v1alpha1",
      kind: "SecretCopy",
      metadata: { name: "mine", namespace: "web" },
      spec: { from: { namespace: "web", name: "source", key: "a" } },
    },
    provenance: PLACE,
    lineOf: (path: unknown) => (paths.push(path), 9),
  };
  await assert.rejects(
    async () => await realizedKinds.get("SecretCopy")?.expand(declaration, reader()),
    (error: KindError) => error.place?.line === 9 && error.place.file === PLACE.file,
  );
  assert.deepEqual(paths, [[{ field: "spec" }, { field: "from" }, { field: "key" }]]);
});

Deno.test("a JSON Schema of each kind tells editors the fields, and that there are no others", () => {
  const schemas = kindJsonSchemas();
  assert.deepEqual(Object.keys(schemas), [...realizedKinds.keys()]);
  for (const schema of Object.values(schemas)) {
    assert.deepEqual(schema["required"], ["apiVersion", "kind", "metadata", "spec"]);
    assert.equal(schema["additionalProperties"], false);
  }
  assert.match(JSON.stringify(schemas["GeneratedSecret"]), /"enum":\["alphanumeric",/);
});

Deno.test("a copy has the source's type and data, and says what it was made from", async () => {
  const source = secret("source", { "tls.crt": "YQ==", "tls.key": "Yg==" }, {
    type: "kubernetes.io/tls",
  });
  const all = await expand("SecretCopy", { from: { namespace: "web", name: "source" } }, source);
  assert.deepEqual([all.object["type"], all.object["data"]], ["kubernetes.io/tls", source["data"]]);
  assert.deepEqual(all.sources, [{
    reference: { group: "", kind: "Secret", namespace: "web", name: "source" },
    resourceVersion: "7",
  }]);
  assert.ok(!all.retain);
  const some = await expand("SecretCopy", {
    from: { namespace: "web", name: "source" },
    keys: ["tls.crt"],
  }, source);
  assert.deepEqual(some.object["data"], { "tls.crt": "YQ==" });
});

Deno.test("a source that is not there, lacks a key, or is a token is refused", async () => {
  const from = { namespace: "web", name: "source" };
  await assert.rejects(expand("SecretCopy", { from }), { code: "source-missing" });
  await assert.rejects(
    expand("SecretCopy", { from, keys: ["b"] }, secret("source", { a: "YQ==" })),
    { code: "source-missing", hint: /a/ },
  );
  await assert.rejects(
    expand(
      "SecretCopy",
      { from },
      secret("source", {}, { type: "kubernetes.io/service-account-token" }),
    ),
    { code: "source-refused" },
  );
  await assert.rejects(
    expand("SecretCopy", { from: { namespace: "web", name: "mine" } }, secret("mine", {})),
    { code: "source-refused", hint: /name or a namespace/ },
  );
});

Deno.test("a copied certificate must be valid, now and for its hosts", async () => {
  const authority = await Authority.create();
  const copy = async (certificate: string, hosts: readonly string[]) => {
    const from = { namespace: "web", name: "source" };
    const source = secret("source", { "tls.crt": btoa(certificate) }, {
      type: "kubernetes.io/tls",
    });
    return await expand("SecretCopy", { from, hosts }, source);
  };
  const { certificate } = await authority.hosting("*.example.com");
  await copy(certificate, ["cvat.example.com", "auth.example.com"]);
  const refused: [text: string, host: string, message: RegExp][] = [
    [certificate, "example.com", /is not for example\.com, but for \*\.example\.com/],
    [certificate, "a.b.example.com", /is not for a\.b\.example\.com/],
    [certificate, "cvat.example.org", /is not for cvat/],
    ["no certificate", "cvat.example.com", /holds no certificate/],
  ];
  for (const [text, host, message] of refused) {
    await assert.rejects(copy(text, [host]), { code: "source-refused", message });
  }
  const hosts = ["cvat.example.com"];
  const year = 366 * 86_400_000;
  const at = (now: number) => certificateProblem(certificate, { hosts, now });
  assert.equal(at(Date.now()), undefined);
  assert.match(at(Date.now() + year) ?? "", /^ran out on \d{4}-\d\d-\d\d$/);
  assert.match(at(Date.now() - year) ?? "", /^is not valid before/);
});

Deno.test("a key is made anew once for each rotation that is asked for, and never otherwise", async () => {
  const spec = (rotation?: string) => ({
    generate: { token: { ...(rotation === undefined ? {} : { rotation }) }, other: {} },
  });
  const living = (object: KubernetesObject) => ({
    ...object,
    metadata: { ...object.metadata, resourceVersion: "8" },
  });
  const { object: first } = await expand("GeneratedSecret", spec());
  const data = (object: KubernetesObject) => object["data"] as Record<string, string>;
  const { object: kept } = await expand("GeneratedSecret", spec(), living(first));
  assert.deepEqual(data(kept), data(first));
  const { object: rotated } = await expand("GeneratedSecret", spec("2026-12"), living(first));
  assert.notEqual(data(rotated)["token"], data(first)["token"]);
  assert.equal(data(rotated)["other"], data(first)["other"]);
  const { object: again } = await expand("GeneratedSecret", spec("2026-12"), living(rotated));
  assert.deepEqual(data(again), data(rotated));
  const { object: next } = await expand("GeneratedSecret", spec("2027-01"), living(rotated));
  assert.notEqual(data(next)["token"], data(rotated)["token"]);
});
