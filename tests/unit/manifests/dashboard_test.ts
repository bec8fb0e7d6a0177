import assert from "node:assert/strict";
import { parseArguments } from "../../../lib/cli/arguments.ts";
import { serve } from "../../../lib/cli/serve_command.ts";
import { argumentsOf, renderDashboard } from "../../dashboard_manifests.ts";

Deno.test("the dashboard in the cluster is started with options that it has", async () => {
  const given = parseArguments(serve, argumentsOf(await renderDashboard(), "plumb-dashboard"));
  assert.equal(given.text("listen"), "0.0.0.0:8080");
  assert.deepEqual(given.texts("host"), ["plumb.example.com"]);
  assert.deepEqual(given.texts("trust-proxy"), ["10.1.0.0/16"]);
  assert.deepEqual(given.texts("operators"), ["platform-admins"]);
});
