/** What a run may do, asked before it does anything. @module */
import { z } from "zod";
import type { Cluster, Resource } from "../cluster/mod.ts";

/** What a run wants to do with a kind, in one namespace or in the whole cluster. */
export interface WantedPermission {
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly verbs: readonly string[];
}

const rulesReview = z.object({
  status: z.object({
    resourceRules: z.array(z.object({
      verbs: z.array(z.string()),
      apiGroups: z.array(z.string()).optional(),
      resources: z.array(z.string()).optional(),
      resourceNames: z.array(z.string()).optional(),
    })),
  }),
});
const accessReview = z.object({ status: z.object({ allowed: z.boolean() }) });

type Rule = z.output<typeof rulesReview>["status"]["resourceRules"][number];

/**
 * Which of the wanted permissions are missing, in words: `create and patch configmaps in namespace cvat`.
 *
 * One SelfSubjectRulesReview for each namespace settles nearly everything; what it does not grant is asked for
 * one by one, since an authorizer may allow more than it lists.
 */
export async function missingPermissions(
  cluster: Cluster,
  wanted: readonly WantedPermission[],
): Promise<string[]> {
  const namespaces = [...new Set(wanted.map(({ namespace }) => namespace ?? "default"))];
  const rules = new Map(
    await Promise.all(
      namespaces.map(async (namespace) => [namespace, await rulesIn(cluster, namespace)] as const),
    ),
  );
  const missing = await Promise.all(wanted.map(async (permission) => {
    const granted = rules.get(permission.namespace ?? "default") ?? [];
    const doubtful = permission.verbs.filter((verb) =>
      !granted.some((rule) => covers(rule, permission.resource, verb))
    );
    const refused = await Promise.all(
      doubtful.map(async (verb) => await isAllowed(cluster, permission, verb) ? [] : [verb]),
    );
    return { ...permission, verbs: refused.flat() };
  }));
  return missing.filter(({ verbs }) => verbs.length > 0).map(inWords);
}

function inWords({ resource, namespace, verbs }: WantedPermission): string {
  const kind = resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
  const where = namespace === undefined ? "in the whole cluster" : `in namespace ${namespace}`;
  const list = verbs.length < 2
    ? verbs.join("")
    : `${verbs.slice(0, -1).join(", ")} and ${verbs.at(-1)}`;
  return `${list} ${kind} ${where}`;
}

async function rulesIn(cluster: Cluster, namespace: string): Promise<Rule[]> {
  const answer = await cluster.raw({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectRulesReview",
      spec: { namespace },
    },
  });
  return rulesReview.parse(answer).status.resourceRules;
}

function covers(
  { verbs, apiGroups = [], resources = [], resourceNames = [] }: Rule,
  resource: Resource,
  verb: string,
): boolean {
  const has = (list: readonly string[], value: string) =>
    list.includes("*") || list.includes(value);
  return resourceNames.length === 0 && has(verbs, verb) && has(apiGroups, resource.group) &&
    has(resources, resource.plural);
}

async function isAllowed(
  cluster: Cluster,
  { resource, namespace }: WantedPermission,
  verb: string,
): Promise<boolean> {
  const answer = await cluster.raw({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: {
        resourceAttributes: {
          group: resource.group,
          resource: resource.plural,
          verb,
          ...(namespace === undefined ? {} : { namespace }),
        },
      },
    },
  });
  return accessReview.parse(answer).status.allowed;
}
