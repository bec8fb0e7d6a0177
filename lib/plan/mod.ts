/**
 * Desired state, live state and records become a plan. Pure: nothing here knows a network.
 * @module
 */
export { compareRenders } from "./between.ts";
export { addedFields, type AdditionOptions, mayHaveAdditions } from "./additions.ts";
export { type Classes, classify, type Known } from "./classify.ts";
export { expires } from "./expired.ts";
export { foreignIn, type Ours } from "./foreign.ts";
export { planRemoval, type Removal } from "./removal.ts";
export { compareObjects, type Comparison, isEqual, withoutField } from "./compare.ts";
export { PlanError, type PlanErrorCode } from "./errors.ts";
export {
  backedOff,
  backedOffUntil,
  type Correction,
  type Fight,
  withCorrections,
} from "./fights.ts";
export { type Fingerprint, fingerprintOf, hashOf } from "./fingerprint.ts";
export { irreversible, isJob } from "./irreversible.ts";
export { maskObject } from "./mask.ts";
export { deletionWaves, type Order, type Orderable, orderObjects } from "./order.ts";
export {
  adoptionPatch,
  type AdoptionPolicy,
  leftoverDifferences,
  ownerOf,
  previousOwner,
  takenFields,
} from "./ownership.ts";
export { type Deletion, dropMembers, type Dropped, guardShrinking } from "./prune.ts";
export {
  byObject,
  type ChangesByObject,
  changesIn,
  countsOf,
  reportOf,
  settledSince,
} from "./report.ts";
export {
  actionOn,
  applyRules,
  applyRulesToRemoved,
  type FieldAction,
  type FieldRule,
  type Ruled,
  type RuleOptions,
} from "./rules.ts";
export type * from "./types.ts";
