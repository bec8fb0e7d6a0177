/** Which repository at GitHub is meant, and who asks: from options and the environment. @module */
import { type GitHubCredentials, type GitHubRepository, ProposeError } from "../propose/mod.ts";
import type { RunContext } from "./command.ts";
import { readText } from "./reconcile.ts";

const GITHUB = "https://api.github.com";
const HINT = "Put a token with contents: write and pull-requests: write into GITHUB_TOKEN, or a " +
  "GitHub App into GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY (or GITHUB_APP_PRIVATE_KEY_FILE).";

/**
 * The repository of an address, or the one that is named.
 *
 * @param url where the desired state comes from.
 * @param repository `OWNER/NAME`, if it was given.
 * @throws {ProposeError} `no-repository` or `no-credentials`
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
  const credentials = await credentialsOf(environment);
  return { owner, name, api: environment["GITHUB_API_URL"] || GITHUB, credentials };
}

/** An App, if there is one: it may more than the token that an Action finds anyway. */
async function credentialsOf(
  environment: RunContext["environment"],
): Promise<GitHubCredentials> {
  const id = environment["GITHUB_APP_ID"];
  if (id) {
    const file = environment["GITHUB_APP_PRIVATE_KEY_FILE"];
    const hint = "GITHUB_APP_PRIVATE_KEY_FILE names the PEM file of the App.";
    const key = environment["GITHUB_APP_PRIVATE_KEY"] ||
      (file ? await readText(file, "The private key of the GitHub App", hint) : "");
    if (key === "") {
      throw new ProposeError("no-credentials", "GITHUB_APP_ID is set, but there is no key to it", {
        hint: HINT,
      });
    }
    const installation = environment["GITHUB_APP_INSTALLATION_ID"];
    if (installation && !/^[1-9][0-9]{0,14}$/.test(installation)) {
      throw new ProposeError("no-credentials", "GITHUB_APP_INSTALLATION_ID is not a number", {
        hint: "It may be left out: then it is found by the repository.",
      });
    }
    return { kind: "app", id, key, installation: installation ? Number(installation) : undefined };
  }
  const token = environment["GITHUB_TOKEN"];
  if (token) return { kind: "token", token };
  throw new ProposeError("no-credentials", "There are no credentials for GitHub", { hint: HINT });
}
