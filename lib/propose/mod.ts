/**
 * Drift becomes a pull request: live values are written into the YAML lines that they came from.
 * @module
 */
export { type Annotation, annotationsOf, type ParameterFile } from "./annotations.ts";
export { bodyOf, type Objection } from "./body.ts";
export {
  digestOf,
  draft,
  type DraftedProposal,
  type Drift,
  type LeftOut,
  type Records,
} from "./drift.ts";
export { type Edit, type Edited, editYaml, type Refused } from "./edit.ts";
export type { GitHubCredentials, GitHubRepository } from "./github.ts";
export { ProposeError, type ProposeErrorCode } from "./errors.ts";
export { noticePlan, type PlanNotice } from "./plan_notice.ts";
export { type RevertedFolder, revertOf, type Undone } from "./revert.ts";
export { type Proposal, propose, type Proposed, type Repository } from "./pull_request.ts";
