/** What Git says in a fault schedule: a small component that has one of everything that can get lost. */
import { FAIL_ANNOTATION } from "../../lib/sandbox/mod.ts";
import { configMap, deployment, documents, job, NAMESPACE } from "../plumb.ts";
import type { Random } from "./random.ts";

/** One revision of the component. */
export interface Desired {
  /** ConfigMaps and the value of their key. */
  readonly maps: Readonly<Record<string, string>>;
  readonly replicas: number;
  /** Whether the second Deployment is there. */
  readonly worker: boolean;
  /** Which Job there is; Kubernetes removes it soon after it has finished. */
  readonly migration: string;
  /** Whether the first one's image can't be pulled, so that the revision is undone. */
  readonly isBad: boolean;
}

/** The first revision. */
export const FIRST: Desired = {
  maps: { "map-0": "one", "map-1": "one", "map-2": "one" },
  replicas: 1,
  worker: true,
  migration: "one",
  isBad: false,
};

/** Another revision: objects come, go and change. At least two ConfigMaps stay, so that nothing shrinks by most. */
export function nextRevision(random: Random, isBad: boolean): Desired {
  const count = 2 + random.below(5);
  const values = Array.from({ length: count }, () => random.pick(["one", "two", "three"]));
  return {
    maps: Object.fromEntries(values.map((value, index) => [`map-${index}`, value])),
    replicas: 1 + random.below(3),
    worker: random.chance(0.7),
    migration: values[0] ?? "one",
    isBad,
  };
}

/** The YAML of a revision; `NAMESPACE` stands for the namespace. */
export function manifestsOf({ maps, replicas, worker, migration, isBad }: Desired): string {
  return documents(
    NAMESPACE,
    GENERATED,
    CLAIM,
    ...Object.entries(maps).map(([name, value]) => configMap(name, value)),
    deployment("web", isBad ? { template: `${FAIL_ANNOTATION}: image-pull` } : {}).replace(
      "replicas: 1",
      `replicas: ${replicas}`,
    ),
    job(`migration-${migration}`, { seconds: 3 }),
    ...(worker ? [deployment("worker")] : []),
  );
}

const GENERATED = `apiVersion: plumb.thinkube.io/v1alpha1
kind: GeneratedSecret
metadata: { name: keys }
spec:
  generate:
    SECRET_KEY: { length: 40 }
`;

const CLAIM = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec:
  accessModes: [ReadWriteOnce]
  resources: { requests: { storage: 1Mi } }
`;
