/** The check `cvat-health`: the server, and each part that it watches itself. @module */
import { z } from "zod";
import { type CheckContext, CheckFailure, defineCheck } from "../check.ts";
import { CvatApi, cvatApi } from "./api.ts";
import { healthSettings } from "./settings.ts";

const about = z.object({ version: z.string(), logo_url: z.string().optional() });
const health = z.record(z.string(), z.string());

/** What a part that does not work means; the first that fits. */
const CAUSES: readonly (readonly [part: RegExp, says: RegExp, probably: string, next: string])[] = [
  [
    /^OPA/,
    /health\?bundles|500/,
    "OPA is up, but has not loaded its rules.",
    "kubectl logs deployment/opa",
  ],
  [
    /^OPA/,
    /./,
    "OPA is down, or its Service is not named opa.",
    "kubectl get service,pods -l app=opa",
  ],
  [
    /^Database/,
    /./,
    "PostgreSQL is down, or refuses CVAT's login.",
    "The check of PostgreSQL says more.",
  ],
  [
    /media/,
    /./,
    "The media cache is down, or refuses CVAT's login.",
    "kubectl logs statefulset/cvat-media-cache",
  ],
  [/^Cache/, /./, "Valkey is down, or refuses CVAT's login.", "The check of Valkey says more."],
  [
    /^Disk/,
    /./,
    "The node's disk is nearly full. CVAT works, but its web interface refuses to load.",
    "Free the node's disk, or raise CVAT_HEALTH_DISK_USAGE_MAX.",
  ],
  [/^Memory/, /./, "The node has little memory left.", "kubectl top nodes"],
];

/** Through the ingress and inside: the version, the address it believes in, and the health of each part. */
export const cvatHealthCheck = defineCheck({
  id: "cvat-health",
  title: "Backend",
  proves:
    "The right release answers, outside and inside, and finds its database, caches and rules.",
  needs: [],
  deadline: 60,
  settings: healthSettings,
  async run(given, context) {
    const inside = new CvatApi(await context.serviceHttp(given.service), {
      signal: context.signal,
    });
    const outside = cvatApi(context, { url: given.url });
    // Without Valkey a stranger's question about the release is an error, so health comes first.
    await readHealth(inside, "inside", context);
    await readHealth(outside, "through the ingress", context);
    const within = await readAbout(inside, given.version, "inside");
    const without = await readAbout(outside, given.version, "through the ingress");
    context.evidence("version", within.version);
    if (within.version !== without.version) {
      throw new CheckFailure(
        `Inside answers ${within.version}, through the ingress ${without.version}`,
        {
          probably: "The ingress leads to another installation.",
          hint: "kubectl get ingress --all-namespaces",
        },
      );
    }
    checkOrigin(without.logo_url, given.url);
  },
});

function checkOrigin(logo: string | undefined, url: string): void {
  if (logo === undefined || new URL(logo, url).origin === new URL(url).origin) return;
  throw new CheckFailure(`CVAT believes that it is at ${new URL(logo).origin}`, {
    probably:
      "The ingress does not pass on X-Forwarded-Proto and the Host: uploads and exports will lead astray.",
    hint: "Look at the ingress' configuration for use-forwarded-headers.",
  });
}

async function readAbout(api: CvatApi, version: string | undefined, where: string) {
  const found = await api.expect(200, about, "/api/server/about");
  if (version === undefined || found.version === version) return found;
  throw new CheckFailure(`CVAT ${found.version} answers ${where}, not ${version}`, {
    probably: "The roll-out has not ended, or another image runs under the tag.",
    hint:
      "kubectl rollout status deployment/cvat-backend; the check of the deployment compares digests.",
  });
}

/** All parts are judged at once: the body says the same with 200 and with 500. */
async function readHealth(api: CvatApi, where: string, context: CheckContext): Promise<void> {
  const answer = await api.ask("/api/server/health/?format=json", {
    headers: { accept: "application/json" },
  });
  const { success, data } = health.safeParse(answer.json);
  if (!success) {
    throw new CheckFailure(
      `/api/server/health answers ${answer.status} ${where}, without a list of its parts`,
      {
        probably: [502, 503, 504].includes(answer.status)
          ? "The ingress finds no server behind it: no pod is ready, or its Service has another port."
          : "Another server answers there than CVAT.",
        hint: "kubectl get pods,endpointslices; kubectl logs deployment/cvat-backend",
      },
    );
  }
  context.evidence(`health ${where}`, `${Math.round(answer.milliseconds)} ms`);
  const bad = Object.entries(data).filter(([, says]) => says !== "working");
  const [first] = bad;
  if (first === undefined) {
    return context.evidence(`parts ${where}`, `${Object.keys(data).join(", ")}: working`);
  }
  const [, , probably, next] =
    CAUSES.find(([part, says]) => part.test(first[0]) && says.test(first[1])) ?? [];
  throw new CheckFailure(
    bad.map(([part, says]) => `${part}: ${says.slice(0, 120)}`).join("; "),
    {
      ...(probably === undefined ? {} : { probably }),
      ...(next === undefined ? {} : { hint: next }),
    },
  );
}
