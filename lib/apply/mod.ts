/**
 * A plan becomes changes in the cluster.
 * @module
 */
export { Account } from "./account.ts";
export { announce } from "./announce.ts";
export { findComponent, type KnownComponent } from "./components.ts";
export { type ObservedDrift } from "./drift.ts";
export type { Base } from "./base.ts";
export { listInventories } from "./components.ts";
export { type ApprovedPlan, assertApproved, readApproved } from "./approved.ts";
export { ApplyError, type ApplyErrorCode } from "./errors.ts";
export { decodeInventory, type Inventory, inventoryName, readInventory } from "./inventory.ts";
export {
  amendJournal,
  emptyJournal,
  type Journal,
  journalName,
  readJournal,
  type Run,
  withRun,
} from "./journal.ts";
export { type HeldLease, Lease } from "./lease.ts";
export { type NextStep, nextStep } from "./next_step.ts";
export { checkRequirements, type RequirementResult } from "./requirements.ts";
export {
  type Desired,
  reconcile,
  type ReconcileOptions,
  type UndoneRevision,
  type Verdict,
} from "./reconcile.ts";
export { rollback, type RollbackOptions } from "./rollback/rollback.ts";
export { undoByHand, type UndoOptions } from "./undo_by_hand.ts";
export { secretReader } from "./secrets.ts";
export { type ComponentStatus, type Status, statusOfAll, statusOfView } from "./status.ts";
export {
  assertNotSuspended,
  resume,
  suspend,
  SuspendedError,
  type Suspension,
  suspensionAt,
} from "./suspension.ts";
export {
  type ComponentView,
  type ObjectView,
  textsOf,
  viewComponent,
  viewRecorded,
} from "./view.ts";
export {
  isGood,
  recordVerification,
  type Verification,
  verificationInWords,
  verificationsIn,
} from "./verification.ts";
