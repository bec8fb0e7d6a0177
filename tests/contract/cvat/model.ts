/** What a CVAT knows: accounts, tasks, and requests. */

/** Somebody with a login. */
export interface Account {
  readonly id: number;
  readonly username: string;
  readonly password: string;
  readonly group: "admin" | "user" | "worker";
}

/** A label of a task. */
export interface Label {
  readonly id: number;
  readonly name: string;
  readonly color: string;
  readonly type: string;
  readonly attributes: readonly Readonly<Record<string, unknown>>[];
}

/** One picture of a task. */
export interface Frame {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A shape on a frame, or at a key frame of a track. */
export interface Shape {
  readonly id: number;
  readonly type: string;
  readonly frame: number;
  readonly label_id: number;
  readonly points: readonly number[];
  readonly outside: boolean;
}

/** All annotations of a task. */
export interface Annotations {
  readonly tags: readonly {
    readonly id: number;
    readonly frame: number;
    readonly label_id: number;
  }[];
  readonly shapes: readonly Shape[];
  readonly tracks: readonly {
    readonly id: number;
    readonly frame: number;
    readonly label_id: number;
    readonly shapes: readonly Omit<Shape, "label_id">[];
  }[];
}

/** A task. */
export interface Task {
  readonly id: number;
  readonly name: string;
  readonly owner: Account;
  readonly labels: readonly Label[];
  readonly created: string;
  /** Files that are uploaded, but not attached yet, by name. */
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  /** Undefined until data is attached. */
  frames: readonly Frame[] | undefined;
  isVideo: boolean;
  quality: number;
  annotations: Annotations;
}

/** Something that goes on in the background. */
export interface BackgroundRequest {
  readonly id: string;
  readonly type: string;
  readonly task: number;
  readonly format: string | null;
  readonly owner: Account;
  readonly created: string;
  status: "queued" | "started" | "failed" | "finished";
  started: string | null;
  finished: string | null;
  message: string;
  /** Below the server's root. */
  resultPath: string | null;
  file: Uint8Array<ArrayBuffer> | undefined;
}

/** No annotations. */
export const NOTHING: Annotations = { tags: [], shapes: [], tracks: [] };
