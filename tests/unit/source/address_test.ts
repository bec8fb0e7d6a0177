import assert from "node:assert/strict";
import { parseAddress, redact } from "../../../lib/source/address.ts";

Deno.test("Addresses that could run a program or be an option are refused", () => {
  for (
    const url of [
      "ext::sh -c id",
      "fd::17",
      "EXT::sh",
      "--upload-pack=id",
      "-x",
      "",
      "javascript://x",
      "ftp://example.com/x",
      "https://exa mple.com/",
      "https://example.com/\nx",
    ]
  ) {
    assert.throws(() => parseAddress(url), { name: "SourceError", code: "unsafe-url" }, url);
  }
});

Deno.test("What git understands is accepted as it is", () => {
  for (
    const url of [
      "https://git.example.com/x.git",
      "ssh://git@git.example.com:2222/x.git",
      "git@git.example.com:team/x.git",
      "file:///srv/git/x.git",
      "/srv/git/x.git",
      "../x",
    ]
  ) {
    const address = parseAddress(url);
    assert.equal(address.url, url);
    assert.equal(address.credentials, undefined);
  }
});

Deno.test("User names and passwords are cut out of text", () => {
  assert.equal(
    redact("fatal: https://a:b@host/x and ssh://c@host"),
    "fatal: https://host/x and ssh://host",
  );
  assert.equal(redact("https://a:b@c@host/x@y"), "https://host/x@y");
});
