import assert from "node:assert/strict";
import {
  type Component,
  environmentName,
  type Parameters,
  type ParameterSources,
  resolveParameters,
} from "../../../lib/component/mod.ts";
import { declare } from "./declare.ts";

/** The values that are settled, as plain data. */
async function resolve(component: Component, sources: ParameterSources = {}) {
  return plain(await resolveParameters(component, sources));
}

function plain(parameters: Parameters): Record<string, unknown> {
  return Object.fromEntries([...parameters].map(([name, { value }]) => [name, value]));
}

const file = (text: string) => ({ path: "values.yaml", text });

Deno.test("Sources decide in the order: command line, file, environment, Secret, default", async () => {
  const component = declare(`parameters:
  a: { type: string, default: default, description: d }
  b: { type: string, description: d, secret: true, secretRef: { namespace: db, name: s, key: k } }
`);
  const environment = { PLUMB_PARAMETER_A: "environment", PLUMB_PARAMETER_B: "environment" };
  const readSecret = () => Promise.resolve("secret");
  assert.deepEqual(await resolve(component, { readSecret }), { a: "default", b: "secret" });
  assert.deepEqual(await resolve(component, { readSecret, environment }), {
    a: "environment",
    b: "environment",
  });
  const given = { readSecret, environment, file: file("a: file\nb: file\n") };
  assert.deepEqual(await resolve(component, given), { a: "file", b: "file" });
  assert.deepEqual(await resolve(component, { ...given, set: ["a=set=x"] }), {
    a: "set=x",
    b: "file",
  });
});

Deno.test("Names of environment variables divide words", () => {
  const names = [
    ["domain", "DOMAIN"],
    ["adminPassword", "ADMIN_PASSWORD"],
    ["oauth2ClientSecret", "OAUTH2_CLIENT_SECRET"],
    ["tlsSecretName", "TLS_SECRET_NAME"],
  ];
  for (const [name = "", variable] of names) {
    assert.equal(environmentName(name), `PLUMB_PARAMETER_${variable}`);
  }
});

Deno.test("An empty environment variable gives no value", async () => {
  const component = declare("parameters:\n  a: { type: string, description: d }\n");
  await assert.rejects(resolve(component, { environment: { PLUMB_PARAMETER_A: "" } }), {
    code: "missing-parameter",
  });
});

Deno.test("Defaults and references to Secrets follow other parameters, in any order", async () => {
  const component = declare(`parameters:
  url: { type: url, default: "https://\${host}/", description: d }
  host: { type: hostname, default: "cvat.\${domain}", description: d }
  domain: { type: hostname, description: d }
  password:
    { type: string, secret: true, description: d, secretRef: { namespace: db, name: "\${domain}", key: p } }
`);
  const read: unknown[] = [];
  const readSecret = (reference: unknown) => {
    read.push(reference);
    return Promise.resolve("x");
  };
  assert.deepEqual(await resolve(component, { set: ["domain=example.com"], readSecret }), {
    url: "https://cvat.example.com/",
    host: "cvat.example.com",
    domain: "example.com",
    password: "x",
  });
  assert.deepEqual(read, [{ namespace: "db", name: "example.com", key: "p" }]);
});

Deno.test("Every type takes what fits it and refuses the rest", async () => {
  const cases: [type: string, good: [string, unknown][], bad: string[]][] = [
    ["string", [["", ""], ["yes", "yes"]], []],
    ["integer", [["3", 3], ["-1", -1], ["007", 7]], ["3.5", "x", "", "1e3", "9007199254740993"]],
    ["boolean", [["true", true], ["false", false]], ["yes", "True", "1", ""]],
    ["hostname", [["example.com", "example.com"], ["localhost", "localhost"]], [
      "Up.com",
      "a..b",
      "-a",
      "a b",
      "",
    ]],
    ["quantity", [["20Gi", "20Gi"], ["500m", "500m"], [".5", ".5"], ["1e3", "1e3"]], [
      "20GB",
      "x",
      "",
      "Gi",
    ]],
    ["url", [["https://a.b/c", "https://a.b/c"]], ["a.b", "https://", "//a.b", ""]],
    [
      "image",
      [["nginx", "nginx"], ["r.io:5000/a/b:1.0", "r.io:5000/a/b:1.0"], [
        "a@sha256:" + "0".repeat(64),
        "a@sha256:" + "0".repeat(64),
      ]],
      ["a b", "a:", "UPPER/CASE", "", "a@sha256:12"],
    ],
    ["enum, values: [a, b]", [["a", "a"]], ["c", ""]],
    ["string, pattern: '[a-z]+'", [["abc", "abc"]], ["abc1", ""]],
  ];
  for (const [type, good, bad] of cases) {
    const component = declare(`parameters:\n  one: { description: d, type: ${type} }\n`);
    for (const [text, value] of good) {
      assert.deepEqual(
        await resolve(component, { set: [`one=${text}`] }),
        { one: value },
        `${type} ${text}`,
      );
    }
    for (const text of bad) {
      await assert.rejects(resolve(component, { set: [`one=${text}`] }), {
        code: "wrong-type",
        place: { file: "component.yaml", line: 7 },
      }, `${type} ${text}`);
    }
  }
});

Deno.test("Values of a file have types of their own", async () => {
  const component = declare(`parameters:
  text: { type: string, default: x, description: d }
  count: { type: integer, default: 1, description: d }
  size: { type: quantity, default: 1Gi, description: d }
`);
  assert.deepEqual(await resolve(component, { file: file("count: 0x10\nsize: 5\n") }), {
    text: "x",
    count: 16,
    size: "5",
  });
  await assert.rejects(resolve(component, { file: file("size: 5\ntext: 0777\n") }), {
    code: "wrong-type",
    message: "The parameter text from values.yaml is 511 and must be text: quote it in YAML",
    place: { file: "values.yaml", line: 2 },
  });
});

Deno.test("All missing parameters are named, with where they are declared and how to give them", async () => {
  const component = declare(`parameters:
  domain: { type: hostname, description: The domain }
  password:
    { type: string, secret: true, description: A word, secretRef: { namespace: db, name: s, key: k } }
  note: { type: string, required: false, description: d }
`);
  await assert.rejects(resolve(component), {
    code: "missing-parameter",
    message: /domain \(component\.yaml:7, The domain\); password \(component\.yaml:8, A word\)$/,
    place: { file: "component.yaml", line: 7 },
    hint: "Give domain by --set domain=VALUE, or --parameters FILE, or PLUMB_PARAMETER_DOMAIN.",
  });
  const missing = { set: ["domain=a.b"], readSecret: () => Promise.resolve(undefined) };
  await assert.rejects(resolve(component, missing), {
    hint:
      "Give password by --parameters FILE, or PLUMB_PARAMETER_PASSWORD, or key k of Secret db/s.",
  });
});

Deno.test("An optional parameter can be without a value, unless another one needs it", async () => {
  assert.deepEqual(
    await resolve(declare("parameters:\n  a: { type: string, required: false, description: d }\n")),
    {},
  );
  const component = declare(`parameters:
  a: { type: string, required: false, description: d }
  b: { type: string, default: "x\${a}", description: d }
`);
  await assert.rejects(resolve(component), { code: "missing-parameter", message: /parameter a / });
});

Deno.test("Names that are not declared are refused with the nearest one", async () => {
  const component = declare(
    "parameters:\n  domain: { type: string, default: x, description: d }\n",
  );
  const expected = { code: "unknown-parameter", hint: "Did you mean domain?" };
  await assert.rejects(resolve(component, { set: ["doman=x"] }), expected);
  await assert.rejects(resolve(component, { file: file("# x\ndomian: x\n") }), {
    ...expected,
    place: { file: "values.yaml", line: 2 },
  });
  await assert.rejects(
    resolve(
      declare('parameters:\n  a: { type: string, default: "${constructor}", description: d }\n'),
    ),
    { code: "unknown-parameter", place: { file: "component.yaml", line: 7 } },
  );
});

Deno.test("Parameters that refer to each other in a circle are refused", async () => {
  const component = declare(`parameters:
  a: { type: string, default: "\${b}", description: d }
  b: { type: string, default: "\${a}", description: d }
`);
  await assert.rejects(resolve(component), { code: "cycle", message: /a → b → a$/ });
  assert.deepEqual(await resolve(component, { set: ["b=1"] }), { a: "1", b: "1" });
});

Deno.test("A secret does not come by the command line, nor go into another parameter", async () => {
  const component = declare(`parameters:
  password: { type: string, secret: true, description: d }
  url: { type: string, default: "db://\${password}", description: d }
`);
  await assert.rejects(resolve(component, { set: ["password=hunter2"] }), (error) => {
    assert(error instanceof Error && "code" in error);
    assert.equal(error.code, "secret-leak");
    assert(!Deno.inspect(error).includes("hunter2"));
    return true;
  });
  await assert.rejects(resolve(component, { file: file("password: hunter2\n") }), {
    code: "secret-leak",
    message: /password would be shown/,
  });
});

Deno.test("A secret value shows nowhere but to who asks for it", async () => {
  const component = declare(`parameters:
  password: { type: string, secret: true, description: d }
  domain: { type: string, default: example.com, description: d }
  pin: { type: integer, secret: true, required: false, description: d }
`);
  const parameters = await resolveParameters(component, { file: file("password: hunter2\n") });
  assert.equal(parameters.get("password")?.value, "hunter2");
  const texts = [
    Deno.inspect(parameters),
    JSON.stringify([...parameters]),
    String(parameters.get("password")),
    `${parameters.get("password")}`,
    Deno.inspect({ ...parameters.get("password") }),
  ];
  for (const text of texts) assert(!text.includes("hunter2"), text);
  assert(Deno.inspect(parameters).includes("example.com"));
  await assert.rejects(
    resolve(component, { file: file("password: x\npin: hunter2\n") }),
    (error) => {
      assert(error instanceof Error);
      assert.match(error.message, /must be a whole number/);
      assert(!Deno.inspect(error).includes("hunter2"));
      return true;
    },
  );
});

Deno.test("What is not NAME=VALUE is refused without being quoted", async () => {
  const component = declare("parameters:\n  a: { type: string, default: x, description: d }\n");
  for (const set of ["hunter2", "=hunter2"]) {
    await assert.rejects(resolve(component, { set: [set] }), { message: "--set wants NAME=VALUE" });
  }
});

Deno.test("A file of parameters must be a map; an empty one gives nothing", async () => {
  const component = declare("parameters:\n  a: { type: string, default: x, description: d }\n");
  await assert.rejects(resolve(component, { file: file("- a\n") }), { code: "wrong-type" });
  await assert.rejects(resolve(component, { file: file("a: [\n") }), {
    code: "yaml",
    place: { file: "values.yaml", line: 2 },
  });
  assert.deepEqual(await resolve(component, { file: file("# nothing\n") }), { a: "x" });
});
