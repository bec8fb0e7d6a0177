/**
 * Proves that a deployed component really works. Checks are generic (postgres, valkey, clickhouse, sign-in, opa …),
 * with those of CVAT on top.
 * @module
 */
export {
  type Address,
  type Check,
  type CheckContext,
  CheckFailure,
  type ClusterView,
  type DeclaredWorkload,
  defineCheck,
  type SecretKey,
} from "./check.ts";
export { CHECKS } from "./checks.ts";
export { type Answer, Http, HttpError, type Question } from "./http.ts";
export { openReach, type Reach, type ReachOptions } from "./reach.ts";
export { type CheckResult, titleOf, verify, type VerifyOptions } from "./run.ts";
export { planChecks, type PlannedCheck, type Selection, VerifyError } from "./settings.ts";
export { openTunnel, type Tunnel } from "./tunnel.ts";
