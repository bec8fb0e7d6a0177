/**
 * The schema of `component.yaml`. Unknown fields are errors, so that a typo can't silently do nothing.
 * @module
 */
import { z } from "zod";
import { API_VERSION } from "../names.ts";

/** DNS label, RFC 1123: what names of namespaces are made of. */
const dnsLabel = z.string().max(63).regex(
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  "must be lower-case letters, digits and -, beginning and ending with a letter or digit",
);

/** Names of parameters: `adminPassword`, which the environment calls `PLUMB_PARAMETER_ADMIN_PASSWORD`. */
const parameterName = z.string().regex(
  /^[a-z][a-zA-Z0-9]*$/,
  "must begin with a lower-case letter and have only letters and digits",
);

const secretReference = z.strictObject({
  namespace: z.string().min(1),
  name: z.string().min(1),
  key: z.string().min(1),
}).meta({ description: "A key of a Secret in the cluster. May refer to other parameters." });

/** The types that a parameter can have. */
export const PARAMETER_TYPES = [
  "string",
  "hostname",
  "integer",
  "boolean",
  "quantity",
  "url",
  "image",
  "enum",
] as const;

const parameter = z.strictObject({
  type: z.enum(PARAMETER_TYPES),
  description: z.string().min(1),
  required: z.boolean().optional().meta({
    description: "Without a default, true unless said otherwise. An optional parameter without a " +
      "value leaves out the fields that consist of it alone.",
  }),
  default: z.union([z.string(), z.int(), z.boolean()]).optional().meta({
    description: "May refer to other parameters.",
  }),
  values: z.array(z.string()).min(1).optional().meta({ description: "For enum: what is allowed." }),
  pattern: z.string().optional().meta({
    description: "Regular expression that the whole value must match.",
  }),
  secret: z.boolean().optional().meta({ description: "Never shown, never in Git." }),
  secretRef: secretReference.optional(),
}).check((context) => {
  for (const message of contradictions(context.value)) {
    context.issues.push({ code: "custom", message, input: context.value, path: [] });
  }
});

/** What fields of a parameter do not go together. */
function* contradictions(value: {
  type: string;
  required?: boolean | undefined;
  default?: unknown;
  values?: unknown;
  pattern?: string | undefined;
  secret?: boolean | undefined;
  secretRef?: unknown;
}): Generator<string> {
  if (value.default !== undefined && value.required) {
    yield "has a default, so `required: true` says nothing: remove one of them";
  }
  if (value.default !== undefined && value.secret) {
    yield "is secret, so it can't have a default: it would be in Git";
  }
  if (value.secretRef !== undefined && !value.secret) {
    yield "comes from a Secret, so it must say `secret: true`";
  }
  if ((value.type === "enum") !== (value.values !== undefined)) {
    yield "needs `values` if its type is enum, and only then";
  }
  if (value.pattern !== undefined && !isRegularExpression(value.pattern)) {
    yield "has a `pattern` that is not a regular expression";
  }
}

function isRegularExpression(pattern: string): boolean {
  try {
    new RegExp(pattern, "u");
    return true;
  } catch {
    return false;
  }
}

const requirement = z.strictObject({
  name: z.string().min(1),
  service: z.string().regex(/^[^\s/]+\/[^\s/]+$/, "must be NAMESPACE/NAME of a Service"),
  port: z.int().min(1).max(65535),
  version: z.string().optional().meta({ description: "Range of versions, such as >=18." }),
  hint: z.string().optional().meta({ description: "What to do when it is missing." }),
}).meta({ description: "Must be ready before anything is applied. May refer to parameters." });

const fieldRule = z.strictObject({
  paths: z.array(z.string().min(1)).min(1).optional().meta({
    description: "Fields and all below them: spec.replicas, spec.containers[name=app].image.",
  }),
  managers: z.array(z.string().min(1)).min(1).optional().meta({
    description: "Field managers that hold the field now; * stands for any text.",
  }),
  objects: z.strictObject({ kind: z.string().optional(), name: z.string().optional() }).optional(),
  action: z.enum(["revert", "propose", "ignore", "stop"]).meta({
    description: "revert: Git's value comes back, and is never proposed away. propose: the live " +
      "value stays until a pull request of mode pr settles it. ignore: the live value stays, and " +
      "is not proposed. stop: refuse to go on.",
  }),
});

/** Settings of other rooms, which check them there. */
const settings = z.record(z.string(), z.unknown());

const waiver = z.strictObject({
  policy: z.string().min(1).meta({ description: "Name of the policy, as its violations tell it." }),
  objects: z.strictObject({ kind: z.string().optional(), name: z.string().optional() }).optional()
    .meta({ description: "Only for these; all when absent." }),
  reason: z.string().min(10, "must say why, in a sentence"),
  expires: z.iso.date().meta({ description: "The last day on which it counts." }),
}).meta({ description: "Lets violations pass for a time. Each run tells it." });

const outsideData = z.strictObject({
  what: z.string().min(1).meta({ description: "Such as PostgreSQL database cvat." }),
  where: z.string().min(1).meta({ description: "Where it is." }),
  back: z.string().min(1).meta({ description: "How it comes back with the next deploy." }),
});

const retention = z.strictObject({
  reclaimPolicy: z.enum(["Retain", "former"]).default("Retain").meta({
    description:
      "Of volumes that are bound again after a rollback: they stay at Retain, or get back what they had before it.",
  }),
  outside: z.array(outsideData).default([]).meta({
    description: "Data that is not the component's own, so that a rollback does not touch it.",
  }),
}).meta({
  description:
    "A rollback keeps all volumes and generated secrets. This says what else stays, and what becomes of the volumes.",
});

const spec = z.strictObject({
  namespace: dnsLabel,
  description: z.string().optional(),
  parameters: z.record(parameterName, parameter).default({}),
  requires: z.array(requirement).default([]),
  manifests: z.array(z.string().min(1)).min(1).default(["*.yaml", "*.yml"]).meta({
    description:
      "Globs of the files to apply, relative to this folder. May refer to parameters, so " +
      "that a choice picks a folder.",
  }),
  retain: retention.default({ reclaimPolicy: "Retain", outside: [] }),
  verify: settings.optional().meta({ description: "What is checked after a deploy." }),
  discovery: settings.optional().meta({ description: "What the service catalogue learns." }),
  adoption: z.enum(["unowned", "all", "none"]).default("unowned").meta({
    description: "Which existing objects may be taken over: those no tool claims, all, or none.",
  }),
  policy: z.enum(["enforce", "report", "off"]).default("enforce").meta({
    description:
      "enforce: a violation stops a run before it writes. report: it is only told. off: policies don't run.",
  }),
  waivers: z.array(waiver).default([]),
  fields: z.array(fieldRule).default([]).meta({
    description: "What happens to fields that others change. The first rule that fits decides; " +
      "without one, mode apply reverts and mode pr proposes.",
  }),
});

/** The content of `component.yaml`. */
export const componentFile = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal("Component"),
  metadata: z.strictObject({ name: dnsLabel }),
  spec,
});

/** How one parameter is declared. */
export type ParameterDeclaration = Readonly<z.output<typeof parameter>>;
/** A service that a component needs. */
export type Requirement = Readonly<z.output<typeof requirement>>;
/** What becomes of fields that somebody else changes. */
export type FieldRule = Readonly<z.output<typeof fieldRule>>;
/** Lets violations of a policy pass for a time. */
export type Waiver = Readonly<z.output<typeof waiver>>;
/** What a rollback keeps beside volumes and generated secrets, and what becomes of the volumes. */
export type Retention = Readonly<z.output<typeof retention>>;
/** Data that a rollback does not touch. */
export type OutsideData = Readonly<z.output<typeof outsideData>>;
/** What a violation of a policy does. */
export type PolicyLevel = z.output<typeof spec>["policy"];
/** Which existing objects a component may take over. */
export type Adoption = z.output<typeof spec>["adoption"];
/** A reference to a key of a Secret. */
export type SecretReference = Readonly<z.output<typeof secretReference>>;
