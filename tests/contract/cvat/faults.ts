/** What can be wrong with a CVAT, one by one. */

/** Queues that the double has work for. */
export type Queue = "import" | "export" | "chunks";

/** Parts that health tells of. */
export type Part = "database" | "cache" | "media" | "disk";

/** All false and empty: a CVAT in good health. */
export interface Faults {
  readonly down: Set<Part>;
  /** Queues that nobody serves. */
  readonly unserved: Set<Queue>;
  /** Requests vanish, as when Valkey evicts them. */
  losesRequests: boolean;
  /** Workers fail with this as the last line of their exception. */
  workerSays: string | undefined;
  /** Shapes are dropped without a word. */
  dropsShapes: boolean;
  /** Frames come back smaller. */
  scalesFrames: boolean;
  /** Frames come back in another order. */
  mixesFrames: boolean;
  /** Exports have their boxes a pixel to the right. */
  movesBoxes: boolean;
  /** Key frames of tracks are lost in exports. */
  losesKeyFrames: boolean;
  /** Downloads end before they should. */
  cutsArchives: boolean;
  /** Imports change nothing. */
  importsNothing: boolean;
  /** Chunks of TUS uploads are answered 502 by a proxy. */
  breaksUploads: boolean;
  /** Bodies of this many bytes are too large for a proxy. */
  bodyLimit: number;
  /** Requests without credentials, but with X-Auth-Request-User, are that user's. */
  trustsHeaders: boolean;
  /** What OPA denies is permitted: everything, or this scope. */
  permits: boolean | string;
  /** Whom it refuses everything but looking at himself, whatever OPA says. */
  refuses: string | undefined;
  /** Results of exports are said to be at this address. */
  resultBase: string | undefined;
  /** It takes its address inside for the public one, as when headers are lost on the way. */
  forgetsHost: boolean;
  /** Labels lose their attributes. */
  losesAttributes: boolean;
  /** Another release answers. */
  version: string | undefined;
  /** Each answer takes this long: milliseconds. */
  slow: number;
  /** Events are answered 502 by a proxy. */
  breaksEvents: boolean;
  /** Events are thrown away. */
  dropsEvents: boolean;
}

/** None. */
export function noFaults(): Faults {
  return {
    down: new Set(),
    unserved: new Set(),
    losesRequests: false,
    workerSays: undefined,
    dropsShapes: false,
    scalesFrames: false,
    mixesFrames: false,
    movesBoxes: false,
    losesKeyFrames: false,
    cutsArchives: false,
    importsNothing: false,
    breaksUploads: false,
    bodyLimit: Infinity,
    trustsHeaders: false,
    permits: false,
    refuses: undefined,
    resultBase: undefined,
    forgetsHost: false,
    losesAttributes: false,
    version: undefined,
    slow: 0,
    breaksEvents: false,
    dropsEvents: false,
  };
}
