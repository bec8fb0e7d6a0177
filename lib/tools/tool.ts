/**
 * Programs that Plumb needs, as data.
 * @module
 */

/** Where a program may already be: a variable holds its path, or that of its folder, or it is on the PATH. */
export type Lookup = { readonly variable: string } | { readonly folderVariable: string } | "path";

/** An operating system and processor, as {@link Deno.build} names them. */
export type Platform = `${"linux" | "darwin"}-${"x86_64" | "aarch64"}`;

/** A file of an official release. */
export interface Archive {
  /** Its folder in the cache: name and version. */
  readonly folder: string;
  /** Where the release is. */
  readonly url: string;
  /** Lower-case hexadecimal. A release of another content is refused. */
  readonly checksum: `${"sha256" | "sha512"}:${string}`;
  /** A larger download is broken off. Bytes. */
  readonly limit: number;
  /** Paths of the programs in a tar.gz. Absent: the file is the program itself. */
  readonly members?: readonly string[];
}

/** A Go program, built from the module proxy with its checksums, or from a module of this project. */
export type GoBuild =
  | {
    /** Its folder in the cache: name and version. */
    readonly folder: string;
    /** Path and version, as `go install` takes them. */
    readonly package: string;
  }
  | {
    /** Its folder in the cache, to which a hash of the module's files and flags is added. */
    readonly folder: string;
    /** The folder of the module, whose root is the program. */
    readonly module: string;
    readonly linkerFlags: string;
    /** How long it takes, in words. */
    readonly duration: string;
  };

/** A program, and how to come by it. The ways are tried in this order: lookups, cache, archive, build. */
export interface Tool {
  /** File name of the program. */
  readonly name: string;
  /** Tried in this order. */
  readonly lookups: readonly Lookup[];
  /**
   * How a program that was looked up shows that it is a fitting one. A path that the user gave in a variable
   * of its own is taken as it is.
   */
  readonly fitting?: { readonly arguments: readonly string[]; readonly output: RegExp };
  /** By platform; a platform without a pinned checksum has none. */
  readonly archives?: Readonly<Partial<Record<Platform, Archive>>>;
  /** Tried last. */
  readonly build?: GoBuild;
  /** What the user can do if there is no way, as a sentence. */
  readonly install: string;
}

/** What the ways to a program need from outside. */
export interface ToolOptions {
  /** Default: the environment of this process. */
  readonly environment?: (name: string) => string | undefined;
  /** Told in words what takes long. */
  readonly progress?: (line: string) => void;
  /** Ends downloads and builds; its reason is thrown. */
  readonly signal?: AbortSignal;
}
