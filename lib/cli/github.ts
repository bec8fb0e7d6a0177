/** Which repository at GitHub is meant, and who asks: from options and the environment. @module */
import { type GitHubRepository, ProposeError } from "../propose/mod.ts";
import type { RunContext } from "./command.ts";

const GITHUB = "https://api.github.com";

/**
 * The repository of an address, or the one that is named.
 *
 * @param url where the desired state comes from.
 * @param repository `OWNER/NAME`, if it was given.
 * @throws {ProposeError} `no-repository` or `no-token`
 */
export async function repositoryOf(
  url: string,
  repository: string | undefined,
  { environment }: Pick<RunContext, "environment">,
): Promise<GitHubRepository> {
  const given = repository ?? /github\.com[/:]([^/]+\/[^/]+?)(?:\.git)?\/?$/.exec(url)?.[1];
  const [owner, name, ...rest] = (given ?? "").split("/");
  if (!owner || !name || rest.length > 0) {
    throw new ProposeError("no-repository", "Which repository at GitHub is it?", {
      hint: "Give --source with an address at GitHub, or --repository OWNER/NAME.",
    });
  }
  const token = environment["GITHUB_TOKEN"];
  if (!token) {
    throw new ProposeError("no-token", "There is no token for GitHub", {
      hint: "Put one with contents: write and pull-requests: write into GITHUB_TOKEN.",
    });
  }
  return await Promise.resolve({
    owner,
    name,
    token,
    api: environment["GITHUB_API_URL"] || GITHUB,
  });
}
