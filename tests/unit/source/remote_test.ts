import assert from "node:assert/strict";
import { join } from "node:path";
import { openSource } from "../../../lib/source/mod.ts";
import { TestRepository } from "./repository.ts";

const PATH = "manifests/app";

Deno.test("A path without a repository is not a repository", async () => {
  await using repository = await TestRepository.create();
  const { folder, cache } = repository;
  for (const url of [join(folder, "nothing"), `file://${folder}/nothing`, cache]) {
    await assert.rejects(openSource({ url, path: PATH, cache }), { code: "not-a-repository" }, url);
  }
});

Deno.test("A server that is not there is unreachable", async () => {
  await using repository = await TestRepository.create();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assert.rejects(
    openSource({ url: `http://127.0.0.1:${port}/x.git`, path: PATH, cache: repository.cache }),
    { code: "unreachable", place: { url: `http://127.0.0.1:${port}/x.git` } },
  );
});

Deno.test("A server that never answers is left after the time limit, and git with it", async () => {
  await using repository = await TestRepository.create();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connection = listener.accept();
  await assert.rejects(
    openSource({
      url: `http://127.0.0.1:${listener.addr.port}/x.git`,
      path: PATH,
      cache: repository.cache,
      limits: { remoteMilliseconds: 300 },
    }),
    { code: "timeout", message: /within 0\.3 s/ },
  );
  using accepted = await connection;
  // The far end is gone: git's own child was ended, too.
  const bytes = new Uint8Array(4096);
  while (await accepted.read(bytes).catch(() => null) !== null);
});

Deno.test("A run that is called off ends with the caller's reason", async () => {
  await using repository = await TestRepository.create();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connection = listener.accept();
  const controller = new AbortController();
  const opening = openSource({
    url: `http://127.0.0.1:${listener.addr.port}/x.git`,
    path: PATH,
    cache: repository.cache,
    signal: controller.signal,
  });
  using _accepted = await connection;
  controller.abort(new Error("enough"));
  await assert.rejects(opening, { message: "enough" });
});

/** A server that wants a password and notes what it was given. */
function passwordServer() {
  const seen: (string | null)[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    seen.push(request.headers.get("authorization"));
    return new Response("no", {
      status: 401,
      headers: { "www-authenticate": 'Basic realm="git"' },
    });
  });
  return { seen, server, port: server.addr.port };
}

Deno.test("Credentials of an address are used and never shown", async () => {
  await using repository = await TestRepository.create();
  const { seen, server, port } = passwordServer();
  try {
    const url = `http://bot:s3cr%23t@127.0.0.1:${port}/team/x.git`;
    await assert.rejects(openSource({ url, path: PATH, cache: repository.cache }), (error) => {
      assert(error instanceof Error && "code" in error);
      assert.equal(error.code, "authentication");
      const text = Deno.inspect(error) + JSON.stringify(error);
      assert(!/s3cr|bot/.test(text), text);
      return true;
    });
    assert(seen.includes(`Basic ${btoa("bot:s3cr#t")}`), String(seen));
  } finally {
    await server.shutdown();
  }
});

Deno.test("A repository that wants a password does not ask for it", async () => {
  await using repository = await TestRepository.create();
  const { server, port } = passwordServer();
  try {
    const url = `http://127.0.0.1:${port}/x.git`;
    await assert.rejects(openSource({ url, path: PATH, cache: repository.cache }), {
      code: "authentication",
    });
  } finally {
    await server.shutdown();
  }
});

Deno.test("A server that fails is unreachable, and one without the repository says so", async () => {
  await using repository = await TestRepository.create();
  for (const [status, code] of [[503, "unreachable"], [404, "not-a-repository"]] as const) {
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response("no", { status }),
    );
    try {
      const url = `http://127.0.0.1:${server.addr.port}/x.git`;
      await assert.rejects(openSource({ url, path: PATH, cache: repository.cache }), { code });
    } finally {
      await server.shutdown();
    }
  }
});
