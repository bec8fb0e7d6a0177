/** Whose code it is, held against the examples of GitHub's documentation. */
import assert from "node:assert/strict";
import { ownersOf } from "../../../lib/propose/code_owners.ts";

/** Who owns one path, as the file writes it. */
function ownersIn(text: string, path: string): string[] {
  const { users, teams } = ownersOf(text, [path]);
  return [...users, ...teams.map(({ organization, slug }) => `${organization}/${slug}`)];
}

Deno.test("patterns fit what GitHub says they fit", () => {
  const cases: readonly [pattern: string, fits: string[], others: string[]][] = [
    ["*", ["a.js", "a/b/c.yaml", ".github/x"], []],
    ["*.js", ["a.js", "b/c/a.js"], ["a.jsx", "js"]],
    ["/build/logs/", ["build/logs/a", "build/logs/b/c"], ["x/build/logs/a", "build/logs"]],
    ["docs/*", ["docs/getting-started.md"], ["docs/build-app/trouble.md", "x/docs/a.md"]],
    ["apps/", ["apps/a", "x/apps/b/c"], ["apps", "myapps/a"]],
    ["/docs/", ["docs/a", "docs/a/b"], ["x/docs/a"]],
    ["/scripts/", ["scripts/a"], ["x/scripts/a"]],
    ["**/logs", ["build/logs/a", "logs", "deep/er/logs/x/y"], ["logs2/a"]],
    ["/apps/github", ["apps/github", "apps/github/a"], ["apps/github2", "x/apps/github"]],
    ["manifests/**/backend.yaml", ["manifests/backend.yaml", "manifests/a/b/backend.yaml"], [
      "manifests/a/other.yaml",
    ]],
    ["/a?c.yaml", ["abc.yaml"], ["a/c.yaml", "abbc.yaml"]],
    ["with\\ space.md", ["with space.md"], ["with", "space.md"]],
    ["a+b(c).yaml", ["x/a+b(c).yaml"], ["aab(c).yaml"]],
  ];
  for (const [pattern, fits, others] of cases) {
    for (const path of fits) {
      assert.deepEqual(ownersIn(`${pattern} @x`, path), ["x"], `${pattern} ${path}`);
    }
    for (const path of others) {
      assert.deepEqual(ownersIn(`${pattern} @x`, path), [], `${pattern} ${path}`);
    }
  }
});

Deno.test("the last rule that fits wins, also one without owners; the rest is passed over", () => {
  const text = [
    "\ufeff# everybody's",
    "*       @global-owner1 @global-owner2 # inline",
    "*.go docs@example.com @octo-org/octo.cats",
    "/apps/ @octocat",
    "/apps/github",
    "!/apps/x @nobody",
    "[ab].txt @nobody",
    "",
  ].join("\r\n").replace("\ufeff", "");
  assert.deepEqual(ownersIn(text, "README.md"), ["global-owner1", "global-owner2"]);
  assert.deepEqual(ownersIn(text, "x/main.go"), ["octo-org/octo.cats"]);
  assert.deepEqual(ownersIn(text, "apps/x"), ["octocat"]);
  assert.deepEqual(ownersIn(text, "apps/github/y"), []);
  assert.deepEqual(ownersIn(text, "a.txt"), ["global-owner1", "global-owner2"]);
  assert.deepEqual(ownersIn("", "a.txt"), []);
  const both = ownersOf(text, ["apps/x", "apps/y", "x/main.go"]);
  assert.deepEqual([both.users, both.teams.length], [["octocat"], 1]);
});
