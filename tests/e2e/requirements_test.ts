import assert from "node:assert/strict";
import { createServer } from "node:net";
import { checkRequirements } from "../../lib/apply/requirements.ts";
import { forwardPort } from "../../lib/sandbox/mod.ts";
import { deployment, DEPLOYMENTS, documents, NAMESPACE, SERVICES, workspace } from "../plumb.ts";

const service =
  "apiVersion: v1\nkind: Service\nmetadata: { name: database }\nspec: { selector: { app: database }, ports: [{ port: 5432 }] }\n";

Deno.test("a requirement is met only by a Service with a ready endpoint that answers; each failure says which", async () => {
  await using space = await workspace();
  const check = async (port = 5432) => {
    const [result] = await checkRequirements(space.cluster, [{
      name: "Database",
      service: `${space.name}/database`,
      port,
    }]);
    assert.ok(result);
    assert.ok(result.met || result.hint);
    return result;
  };
  assert.match((await check()).message, /does not exist/);
  await space.write({ "app.yaml": documents(NAMESPACE, service) });
  await space.reconcile();
  assert.match((await check()).message, /no ready endpoint/);
  assert.match((await check(3306)).message, /no port 3306, but 5432/);
  await space.write({ "app.yaml": documents(NAMESPACE, service, deployment("database")) });
  assert.equal((await space.reconcile()).code, 0);
  // The endpoints follow the pods a moment later.
  let result = await check();
  for (let tries = 0; /no ready endpoint/.test(result.message) && tries < 50; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    result = await check();
  }
  assert.match(result.message, /does not answer on port 5432/);

  const server = createServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  await forwardPort(space.kubeconfig, { namespace: space.name, port: 5432, to: address.port });
  for (let tries = 0; !result.met && tries < 50; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    result = await check();
  }
  assert.ok(result.met, result.message);
  server.close();
  await space.cluster.delete(DEPLOYMENTS, { namespace: space.name, name: "database" });
  await space.cluster.delete(SERVICES, { namespace: space.name, name: "database" });
});
