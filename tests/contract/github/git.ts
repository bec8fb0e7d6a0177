/**
 * The Git data API: objects and references.
 * @module
 */
import { z } from "zod";
import { type Answer, type Ask, missing, Refusal, type Routes } from "./exchange.ts";
import type { Change } from "./repository.ts";
import { addressOf, gitCommit, nodeId, personOf, type Place } from "./shapes.ts";

/** What else happens when a reference moved. */
export type Moved = (reference: string) => Promise<void>;

const entry = z.object({
  path: z.string(),
  mode: z.string().default("100644"),
  sha: z.string().nullable().optional(),
  content: z.string().optional(),
});
const person = z.object({ name: z.string(), email: z.string(), date: z.string().optional() });
const R = "/repos/{owner}/{repo}/git";

/** The routes, for one repository. */
export function gitRoutes(place: Place, moved: Moved): Routes {
  return { ...objects(place), ...references(place, moved) };
}

function objects(place: Place): Routes {
  const { repository } = place;
  const readCommit = async (sha: string, status: number): Promise<Answer> => {
    if (await repository.typeOf(sha) !== "commit") throw missing();
    return { status, body: gitCommit(place, await repository.readCommit(sha)) };
  };
  const readTree = async (sha: string, recursive: boolean, status: number): Promise<Answer> => {
    const tree = (await repository.readTree(sha, recursive)).map((each) => ({
      ...each,
      url: addressOf(place, `/git/${each.type}s/${each.sha}`),
    }));
    const body = { sha, url: addressOf(place, `/git/trees/${sha}`), tree, truncated: false };
    return { status, body };
  };
  return {
    [`POST ${R}/blobs`]: async ({ body }) => {
      const { content, encoding } = z.object({
        content: z.string(),
        encoding: z.string().default("utf-8"),
      }).parse(body);
      const sha = await repository.writeBlob(encoding === "base64" ? decode(content) : content);
      return { status: 201, body: { sha, url: addressOf(place, `/git/blobs/${sha}`) } };
    },
    [`GET ${R}/blobs/{file_sha}`]: async ({ parameters: { file_sha: sha = "" } }) => {
      if (await repository.typeOf(sha) !== "blob") throw missing();
      const bytes = await repository.readBlob(sha);
      return {
        status: 200,
        body: {
          sha,
          node_id: nodeId("B", sha),
          size: bytes.length,
          url: addressOf(place, `/git/blobs/${sha}`),
          content: bytes.toBase64().replaceAll(/.{60}/g, "$&\n") + "\n",
          encoding: "base64",
        },
      };
    },
    [`POST ${R}/trees`]: async ({ body }) =>
      await readTree(await writeTree(place, body), false, 201),
    [`GET ${R}/trees/{tree_sha}`]: async ({ parameters: { tree_sha: name = "" }, query }) => {
      const tree = await repository.resolve(name, "tree");
      if (tree === undefined) throw missing();
      return await readTree(tree, query.recursive !== undefined, 200);
    },
    [`POST ${R}/commits`]: async (ask) => await readCommit(await writeCommit(place, ask), 201),
    [`GET ${R}/commits/{commit_sha}`]: async ({ parameters: { commit_sha: sha = "" } }) =>
      await readCommit(sha, 200),
  };
}

function decode(content: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(content);
  } catch {
    throw new Refusal(422, "content is not valid Base64");
  }
}

async function writeTree({ repository }: Place, body: unknown): Promise<string> {
  const { tree, base_tree: base } = z.object({
    tree: z.array(entry),
    base_tree: z.string().optional(),
  }).parse(body);
  const from = base === undefined ? undefined : await repository.resolve(base, "tree");
  if (base !== undefined && from === undefined) {
    throw new Refusal(422, "base_tree is not a valid tree oid");
  }
  const old = from === undefined ? [] : await repository.readTree(from, true);
  const paths = new Set(old.map(({ path }) => path));
  const changes: Change[] = [];
  for (const { path, mode, sha, content } of tree) {
    if (path.split("/").some((part) => ["", ".", "..", ".git"].includes(part.toLowerCase()))) {
      throw new Refusal(422, "tree.path contains a malformed path component");
    }
    if ((sha === undefined) === (content === undefined)) {
      throw new Refusal(422, "Must supply either tree.sha or tree.content");
    }
    if (sha === null && !paths.has(path)) throw new Refusal(422, "GitRPC::BadObjectState");
    const wanted = mode === "040000" ? "tree" : "blob";
    if (sha && mode !== "160000" && await repository.typeOf(sha) !== wanted) {
      throw new Refusal(422, `tree.sha ${sha} is not a valid ${wanted}`);
    }
    changes.push({
      path,
      mode,
      sha: sha === undefined ? await repository.writeBlob(content!) : sha,
    });
  }
  return await repository.writeTree(from, changes);
}

async function writeCommit({ repository }: Place, { body, who }: Ask): Promise<string> {
  const { message, tree, parents, author, committer } = z.object({
    message: z.string(),
    tree: z.string(),
    parents: z.array(z.string()).default([]),
    author: person.optional(),
    committer: person.optional(),
  }).parse(body);
  if (await repository.typeOf(tree) !== "tree") throw new Refusal(422, "Tree SHA does not exist");
  for (const parent of parents) {
    if (await repository.typeOf(parent) !== "commit") {
      throw new Refusal(422, "Parent SHA does not exist or is not a commit object");
    }
  }
  const by = author ?? personOf(who.login);
  return await repository.writeCommit(tree, parents, message, {
    author: by,
    committer: committer ?? by,
  });
}

function references(place: Place, moved: Moved): Routes {
  const { repository } = place;
  const shape = (name: string, sha: string, type: string) => ({
    ref: name,
    node_id: nodeId("REF", name),
    url: addressOf(place, `/git/${name}`),
    object: { sha, type, url: addressOf(place, `/git/${type}s/${sha}`) },
  });
  const answer = async (status: number, name: string): Promise<Answer> => {
    const sha = await repository.reference(name);
    if (sha === undefined) throw missing();
    return { status, body: shape(name, sha, await repository.typeOf(sha) ?? "commit") };
  };
  const existing = async (name: string): Promise<string> => {
    const sha = await repository.reference(name);
    if (sha === undefined) throw new Refusal(422, "Reference does not exist");
    return sha;
  };
  const move = async (name: string, to: string | undefined, from: string | undefined) => {
    if (!await repository.move(name, to, from)) {
      throw new Refusal(422, "Reference cannot be updated");
    }
    await moved(name);
  };
  const known = async (name: string, sha: string): Promise<void> => {
    const type = await repository.typeOf(sha);
    if (type === undefined) throw new Refusal(422, "Object does not exist");
    if (type !== "commit" && name.startsWith("refs/heads/")) {
      throw new Refusal(422, "Reference cannot be updated");
    }
  };
  return {
    [`GET ${R}/ref/{ref}`]: async ({ parameters: { ref } }) => await answer(200, `refs/${ref}`),
    [`GET ${R}/matching-refs/{ref}`]: async ({ parameters: { ref } }) => ({
      status: 200,
      items: (await repository.references(`refs/${ref}`))
        .map(({ name, sha, type }) => shape(name, sha, type)),
    }),
    [`POST ${R}/refs`]: async ({ body }) => {
      const { ref: name, sha } = z.object({ ref: z.string(), sha: z.string() }).parse(body);
      if (!name.startsWith("refs/") || name.split("/").length < 3) {
        throw new Refusal(
          422,
          "Reference name must start with 'refs/' and have at least two slashes.",
        );
      }
      if (!await repository.isReferenceName(name)) {
        throw new Refusal(422, `${name} is not a valid ref name.`);
      }
      await known(name, sha);
      if (await repository.reference(name) !== undefined) {
        throw new Refusal(422, "Reference already exists");
      }
      await move(name, sha, undefined);
      return await answer(201, name);
    },
    [`PATCH ${R}/refs/{ref}`]: async ({ parameters, body }) => {
      const name = `refs/${parameters.ref}`;
      const { sha, force } = z.object({ sha: z.string(), force: z.boolean().default(false) })
        .parse(body);
      const from = await existing(name);
      await known(name, sha);
      if (!force && !await repository.isAncestor(from, sha)) {
        throw new Refusal(422, "Update is not a fast forward");
      }
      await move(name, sha, from);
      return await answer(200, name);
    },
    [`DELETE ${R}/refs/{ref}`]: async ({ parameters }) => {
      const name = `refs/${parameters.ref}`;
      await move(name, undefined, await existing(name));
      return { status: 204 };
    },
  };
}
