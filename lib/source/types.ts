/**
 * What a source is.
 * @module
 */

/** A file of a component's folder. */
export interface SourceFile {
  /** Relative to the folder, divided by `/`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** As Git has it; a local folder does not tell. */
  readonly executable?: boolean;
}

/** A component's folder at one revision. */
export interface Source {
  /** Without credentials; the path of a local folder. */
  readonly url: string;
  readonly ref?: string;
  /** The commit. For a local folder `local`, with the commit that it is based on if there is one. */
  readonly revision: string;
  /** Identity of the folder's content: git's tree id, or `sha256:` and the hash of names and contents. */
  readonly tree: string;
  /** First line of the commit's message. */
  readonly subject?: string;
  readonly author?: string;
  /** When it was committed, RFC 3339. */
  readonly time?: string;
  /**
   * The files, sorted by path. Read when first asked for.
   *
   * @throws {SourceError} `unsafe-path` or `too-large`
   */
  files(): Promise<readonly SourceFile[]>;
}

/** How much a folder may hold. */
export interface Limits {
  /** Bytes of one file. */
  readonly fileBytes: number;
  readonly files: number;
  /** Bytes of all files. */
  readonly totalBytes: number;
  /** Milliseconds that one conversation with the remote may take. */
  readonly remoteMilliseconds: number;
}

/** What applies where nothing else is asked for. */
export const DEFAULT_LIMITS: Limits = {
  fileBytes: 4 * 1024 * 1024,
  files: 2_000,
  totalBytes: 64 * 1024 * 1024,
  remoteMilliseconds: 60_000,
};

/** Which folder to open. */
export interface SourceOptions {
  /** A repository: https, ssh, git, file, `user@host:path`, or a local path. Without it, `path` is a local folder. */
  readonly url?: string | undefined;
  /** Branch, tag, full name of a ref, or full commit id; the remote's HEAD if absent. */
  readonly ref?: string | undefined;
  /** The component's folder: in the repository, or on disk. */
  readonly path: string;
  /** Folder for what is fetched. */
  readonly cache: string;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /**
   * Files of keys, one of which must have signed the commit: ssh-keygen's ALLOWED SIGNERS, or armored public keys of GPG.
   * None: no signature is required.
   */
  readonly signedBy?: readonly string[] | undefined;
}
