/** All checks. @module */
import type { Check } from "./check.ts";
import { certificateCheck } from "./checks/certificate.ts";
import { clickhouseCheck } from "./checks/clickhouse.ts";
import { deploymentCheck } from "./checks/deployment.ts";
import { forgedIdentityCheck } from "./checks/forged_identity.ts";
import { httpCheck } from "./checks/http.ts";
import { opaCheck } from "./checks/opa.ts";
import { postgresCheck } from "./checks/postgres.ts";
import { signInCheck } from "./checks/sign_in.ts";
import { valkeyCheck } from "./checks/valkey.ts";
import { cvatEventsCheck } from "./cvat/events.ts";
import { cvatExportCheck } from "./cvat/export.ts";
import { cvatHealthCheck } from "./cvat/health.ts";
import { cvatMediaCheck } from "./cvat/media.ts";
import { cvatRulesCheck } from "./cvat/rules.ts";
import { cvatTaskCheck } from "./cvat/task.ts";

/** By the name that `component.yaml` has for it. */
export const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>(
  [
    deploymentCheck,
    certificateCheck,
    postgresCheck,
    valkeyCheck,
    clickhouseCheck,
    signInCheck,
    forgedIdentityCheck,
    httpCheck,
    opaCheck,
    cvatHealthCheck,
    cvatTaskCheck,
    cvatRulesCheck,
    cvatMediaCheck,
    cvatExportCheck,
    cvatEventsCheck,
  ].map((check) => [check.id, check as unknown as Check]),
);
