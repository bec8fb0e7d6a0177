import assert from "node:assert/strict";
import { resolveParameters, settleComponent } from "../../../lib/component/mod.ts";
import { declare } from "./declare.ts";

const PARAMETERS = `parameters:
  domain: { type: hostname, default: example.com, description: d }
  count: { type: integer, default: 2, description: d }
  password: { type: string, secret: true, description: d }
  note: { type: string, required: false, description: d }
`;
const sources = { environment: { PLUMB_PARAMETER_PASSWORD: "x" } };

Deno.test("What a component says about itself follows its parameters", async () => {
  const component = declare(`${PARAMETERS}requires:
  - { name: keycloak, service: "auth/\${domain}", port: 80 }
manifests: ["*.yaml", "\${domain}/*.yaml"]
retain: { outside: [{ what: "Data of \${domain}", where: Here, back: By itself }] }
verify:
  url: https://cvat.\${domain}
  attempts: \${count}
  script: echo $\${HOME}
`);
  const settled = settleComponent(component, await resolveParameters(component, sources));
  assert.equal(settled.requires[0]?.service, "auth/example.com");
  assert.deepEqual(settled.manifests, ["*.yaml", "example.com/*.yaml"]);
  assert.deepEqual(settled.verify, {
    url: "https://cvat.example.com",
    attempts: 2,
    script: "echo ${HOME}",
  });
  assert.equal(settled.retain.outside[0]?.what, "Data of example.com");
});

Deno.test("Secrets, unknown names and missing values are refused with the line", async () => {
  const cases: [name: string, code: string, line: number][] = [
    ["password", "secret-leak", 12],
    ["doman", "unknown-parameter", 12],
    ["note", "missing-parameter", 10],
  ];
  for (const [name, code, line] of cases) {
    const component = declare(`${PARAMETERS}verify:\n  value: "\${${name}}"\n`);
    const parameters = await resolveParameters(component, sources);
    assert.throws(() => settleComponent(component, parameters), {
      code,
      place: { file: "component.yaml", line },
    });
  }
});
