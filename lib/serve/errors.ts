/** What the server answers instead of what was asked for. @module */
import { ClusterError } from "../cluster/mod.ts";
import { describePlace, type ErrorDetails, messageOf, PlumbError } from "../errors.ts";
import type { Problem } from "./contract.ts";

/** Reasons of a {@link ServeError}, with the HTTP status of each. */
const STATUS = {
  "bad-request": 400,
  "not-signed-in": 401,
  "wrong-token": 401,
  "not-allowed": 403,
  "cross-site": 403,
  "not-found": 404,
  "too-slow": 408,
  busy: 409,
  "not-now": 409,
  "plan-moved": 409,
  "too-large": 413,
  "not-json": 415,
  "wrong-host": 421,
  "too-many": 429,
  stopping: 503,
} as const;

export type ServeErrorCode = keyof typeof STATUS;
export type ServeStatus = typeof STATUS[ServeErrorCode] | 500 | 503;

/** A request that can't be answered as it was meant. */
export class ServeError extends PlumbError {
  override readonly name = "ServeError";

  constructor(override readonly code: ServeErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
  }
}

/** The HTTP status that fits an error. */
export function statusOf(error: unknown): ServeStatus {
  if (error instanceof ServeError) return STATUS[error.code];
  if (error instanceof ClusterError) return error.status === 404 ? 404 : 503;
  return error instanceof PlumbError ? 503 : 500;
}

/** An error as an answer tells it. What is not meant for people is not told. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof PlumbError)) {
    return {
      code: "unexpected",
      message: "Something went wrong that should not: " + messageOf(error),
      hint: "This is a defect of Plumb. Report what the server has written.",
    };
  }
  const place = error.place === undefined ? "" : describePlace(error.place);
  return {
    code: error.code,
    message: error.message,
    ...(place === "" ? {} : { place }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}
