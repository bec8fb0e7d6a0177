/**
 * The gate: what a component declares, and what a run is about to do, is judged by policies before anything is written.
 * @module
 */
export {
  evaluate,
  type Judged,
  type PlannedChange,
  PolicyError,
  policyHash,
  type Violation,
} from "./evaluate.ts";
export { maskSecrets } from "./mask.ts";
export { applyWaivers, type Judgement, type Waived } from "./waivers.ts";
