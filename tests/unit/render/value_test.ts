import assert from "node:assert/strict";
import fc from "fast-check";
import { configMap, renderFiles } from "./rendering.ts";

const PARAMETERS = "{ domain: { type: hostname, default: example.com, description: d }, " +
  "replicas: { type: integer, default: 3, description: d }, " +
  "debug: { type: boolean, default: false, description: d }, " +
  "text: { type: string, default: '', description: d }, " +
  "class: { type: string, required: false, description: d }, " +
  "password: { type: string, secret: true, description: d } }";
const environment = { PLUMB_PARAMETER_PASSWORD: "hunter2" };
const rendering = { parameters: PARAMETERS, environment };

Deno.test("References take the type of the parameter alone, and become text within text", async () => {
  const [desired] = await renderFiles({
    "a.yaml": configMap(
      "app-${replicas}",
      `data:
  replicas: \${replicas}
  quoted: "\${replicas}"
  debug: \${debug}
  host: cvat.\${domain}
  both: "\${replicas} of \${debug}"
  empty: \${text}
  list: ["\${domain}", x]
  "\${domain}/key": 1
  shell: echo $\${HOME} $(HOSTNAME) $USER $\${x
`,
    ).replace("app-${replicas}", '"app-${replicas}"'),
  }, rendering);
  assert.equal(desired?.object.metadata.name, "app-3");
  assert.deepEqual(desired?.object["data"], {
    replicas: 3,
    quoted: 3,
    debug: false,
    host: "cvat.example.com",
    both: "3 of false",
    empty: "",
    list: ["example.com", "x"],
    "example.com/key": 1,
    shell: "echo ${HOME} $(HOSTNAME) $USER ${x",
  });
  assert.equal(desired?.lineOf([{ field: "data" }, { field: "host" }]), 8);
});

Deno.test("Whatever a value holds, it stays one scalar", async () => {
  const parameters = "{ value: { type: string, description: d } }";
  const value = fc.string({ minLength: 1 });
  await fc.assert(fc.asyncProperty(value, async (text) => {
    const files = {
      "a.yaml": configMap("a", "data: { alone: '${value}', within: 'a ${value} b' }\n"),
    };
    const [desired] = await renderFiles(files, {
      parameters,
      environment: { PLUMB_PARAMETER_VALUE: text },
    });
    assert.deepEqual(desired?.object["data"], { alone: text, within: `a ${text} b` });
  }));
});

Deno.test("A field that consists of an optional parameter without a value is left out", async () => {
  const files = { "a.yaml": configMap("a", "spec: { class: '${class}', size: 1 }\n") };
  const [without] = await renderFiles(files, rendering);
  assert.deepEqual(without?.object["spec"], { size: 1 });
  const [given] = await renderFiles(files, {
    ...rendering,
    environment: { ...environment, PLUMB_PARAMETER_CLASS: "fast" },
  });
  assert.deepEqual(given?.object["spec"], { class: "fast", size: 1 });
});

Deno.test("Elsewhere a parameter needs a value", async () => {
  for (const data of ["a: x-${class}", "a: ['${class}']", "'${class}': 1"]) {
    const files = { "a.yaml": configMap("a", `data:\n  b: 1\n  ${data}\n`) };
    await assert.rejects(renderFiles(files, rendering), {
      code: "unknown-parameter",
      message: /^The parameter class has no value/,
      place: { file: "a.yaml", line: 6 },
    }, data);
  }
});

Deno.test("A name that is not declared is an error with its line and the nearest name", async () => {
  const cases: [reference: string, hint: RegExp][] = [
    ["${doman}", /^Did you mean domain\? For the text \$\{doman\} itself write \$\$\{doman\}\.$/],
    ["${HOME:-x}", /^Declared are domain, /],
    ["${}", /^Declared are domain, /],
    ["${toString}", /^Declared are domain, /],
  ];
  for (const [reference, hint] of cases) {
    const files = { "a.yaml": configMap("a", `data:\n  a: 1\n  b: |\n    x\n    ${reference}\n`) };
    await assert.rejects(renderFiles(files, rendering), {
      code: "unknown-parameter",
      hint,
      place: { file: "a.yaml", line: 6 },
    }, reference);
  }
});

Deno.test("Without declared parameters, nothing is substituted", async () => {
  const [desired] = await renderFiles({ "a.yaml": configMap("a", "data: { a: '$${x} ${y}' }\n") });
  assert.deepEqual(desired?.object["data"], { a: "$${x} ${y}" });
});

Deno.test("An object can opt out, and does not show it", async () => {
  const key = "plumb.thinkube.io/substitute";
  const text = (annotations: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations: ${annotations}\ndata: { a: "$\${domain}" }\n`;
  const [alone] = await renderFiles({ "a.yaml": text(`{ ${key}: disabled }`) }, rendering);
  assert.deepEqual(alone?.object["data"], { a: "$${domain}" });
  assert.deepEqual(alone?.object.metadata, { name: "a" });
  const [other] = await renderFiles({ "a.yaml": text(`{ ${key}: disabled, b: c }`) }, rendering);
  assert.deepEqual(other?.object.metadata.annotations, { b: "c" });
  const [on] = await renderFiles({ "a.yaml": text(`{ ${key}: enabled }`) }, rendering);
  assert.deepEqual(on?.object["data"], { a: "${domain}" });
});

Deno.test("Secrets enter what is never shown", async () => {
  const texts = [
    "apiVersion: v1\nkind: Secret\nmetadata: { name: a }\nstringData: { p: 'x${password}' }\n",
    "apiVersion: plumb.thinkube.io/v1alpha1\nkind: GeneratedSecret\nmetadata: { name: a }\n" +
    "spec: { data: { p: 'x${password}' } }\n",
    "apiVersion: plumb.thinkube.io/v1alpha1\nkind: KeycloakClient\nmetadata: { name: a }\n" +
    "spec: { secret: 'x${password}' }\n",
  ];
  for (const text of texts) {
    const [desired] = await renderFiles({ "a.yaml": text }, rendering);
    assert(JSON.stringify(desired?.object).includes("xhunter2"), text);
  }
});

Deno.test("Secrets enter nothing else, and no error shows them", async () => {
  const secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n";
  const cases: [text: string, line: number][] = [
    [configMap("a", "data:\n  p: ${password}\n"), 5],
    [configMap("a", "data:\n  p: a\n  q: x${password}\n"), 6],
    [`${secret}  labels: { p: "\${password}" }\n`, 5],
    [`${secret}stringData:\n  "\${password}": x\n`, 6],
    [
      "apiVersion: example.com/v1\nkind: Secret\nmetadata: { name: a }\ndata: { p: '${password}' }\n",
      4,
    ],
    [
      `apiVersion: v1\nkind: List\nitems:\n- ${
        configMap("a", "p: ${password}\n").replaceAll("\n", "\n  ")
      }`,
      7,
    ],
  ];
  for (const [text, line] of cases) {
    await assert.rejects(renderFiles({ "a.yaml": text }, rendering), (error) => {
      assert(error instanceof Error && "code" in error && "place" in error);
      assert.equal(error.code, "secret-leak");
      assert.deepEqual(error.place, { file: "a.yaml", line }, text);
      assert(!Deno.inspect(error).includes("hunter2"));
      return true;
    });
  }
});
