/** A real Keycloak 26, from Maven Central. */
import { z } from "zod";
import { join } from "node:path";
import { Process } from "../../../lib/sandbox/process.ts";
import { onPath } from "../../../lib/tools/lookup.ts";
import { mavenArchive, run } from "./maven.ts";
import { freePort, until } from "./ports.ts";

const VERSION = "26.5.6";

/** A bounded heap, and the garbage collector and compiler that start soonest. */
const JAVA_OPTIONS = "-Xms64m -Xmx384m -XX:MaxMetaspaceSize=256m -XX:+UseSerialGC " +
  "-XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError -Djava.security.egd=file:/dev/urandom";

/** A running server. */
export interface Keycloak extends AsyncDisposable {
  /** Plain HTTP on loopback, without a slash at its end. */
  readonly url: string;
  /** An administrator of all realms. */
  readonly adminUsername: string;
  readonly adminPassword: string;
  /**
   * A request to the admin API as that administrator.
   *
   * @param path below `/admin/realms`: `/cvat/clients`, or nothing.
   * @param init `json` becomes the body.
   */
  admin(path: string, init?: { method?: string; json?: unknown }): Promise<Response>;
}

/** How to reach a server that another process started, as {@link shareKeycloak} writes it. */
const shared = z.object({ url: z.string(), adminUsername: z.string(), adminPassword: z.string() });

/** The variable that names a server for all test files. */
const VARIABLE = "PLUMB_TEST_KEYCLOAK";

let own: Promise<Keycloak> | undefined;

/**
 * The server that the variable `PLUMB_TEST_KEYCLOAK` describes, shared by all test files: use realms with random
 * names. Without that variable one is started for this process, and ends with it.
 */
export function testKeycloak(): Promise<Keycloak> {
  return own ??= open();
}

async function open(): Promise<Keycloak> {
  const text = Deno.env.get(VARIABLE);
  if (text === undefined) return await startKeycloak();
  const { url, adminUsername, adminPassword } = shared.parse(JSON.parse(text));
  return connect(url, adminUsername, adminPassword, () => Promise.resolve());
}

/** The variable that lets other processes use a server. */
export function shareKeycloak(server: Keycloak): Record<string, string> {
  return { [VARIABLE]: JSON.stringify(shared.parse(server)) };
}

/** Starts a server on a free port of loopback; its data is in memory. */
export async function startKeycloak(): Promise<Keycloak> {
  if (await onPath("java", Deno.env.get) === undefined) {
    throw new Error("java is missing: .ci/run names the package that brings it");
  }
  const installed = await mavenArchive({
    group: "org.keycloak",
    artifact: "keycloak-quarkus-dist",
    version: VERSION,
    root: `keycloak-${VERSION}`,
    program: "bin/kc.sh",
    prepare: (folder) => run(join(folder, "bin/kc.sh"), ["build", "--db=dev-mem"]),
  });
  const folder = await homeOf(installed);
  const port = freePort();
  const [adminUsername, adminPassword] = ["admin", crypto.randomUUID()];
  const server = new Process({
    name: "keycloak",
    folder,
    command: [
      join(folder, "bin/kc.sh"),
      "start",
      "--optimized",
      "--cache=local",
      "--http-enabled=true",
      "--hostname-strict=false",
      "--http-host=127.0.0.1",
      `--http-port=${port}`,
    ],
    environment: {
      PATH: Deno.env.get("PATH") ?? "",
      JAVA_OPTS: JAVA_OPTIONS,
      KC_BOOTSTRAP_ADMIN_USERNAME: adminUsername,
      KC_BOOTSTRAP_ADMIN_PASSWORD: adminPassword,
    },
  });
  const end = async () => {
    await server.end();
    // The program is a script: the end of Java, its child, follows.
    await until("Keycloak's end", () => isFree(port));
    await Deno.remove(folder, { recursive: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await until("Keycloak", async () => {
      await server.assertRunning();
      return await answers(`${url}/realms/master`);
    }, 180);
  } catch (error) {
    await end();
    throw error;
  }
  return connect(url, adminUsername, adminPassword, end);
}

/** The server writes into its home, so each gets one of its own that shares the programs. */
async function homeOf(installed: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "plumb-keycloak-" });
  await Deno.mkdir(join(folder, "bin"));
  await Deno.copyFile(join(installed, "bin/kc.sh"), join(folder, "bin/kc.sh"));
  for (const shared of ["lib", "conf", "providers"]) {
    await Deno.symlink(join(installed, shared), join(folder, shared));
  }
  return folder;
}

async function isFree(port: number): Promise<boolean> {
  try {
    using _ = await Deno.connect({ hostname: "127.0.0.1", port });
    return false;
  } catch {
    return true;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function connect(
  url: string,
  adminUsername: string,
  adminPassword: string,
  end: () => Promise<void>,
): Keycloak {
  const login = async () => {
    const response = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "password",
        client_id: "admin-cli",
        username: adminUsername,
        password: adminPassword,
      }),
    });
    return z.object({ access_token: z.string() }).parse(await response.json()).access_token;
  };
  return {
    url,
    adminUsername,
    adminPassword,
    async admin(path, { method = "GET", json } = {}) {
      return await fetch(`${url}/admin/realms${path}`, {
        method,
        headers: { authorization: `Bearer ${await login()}`, "content-type": "application/json" },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      });
    },
    [Symbol.asyncDispose]: end,
  };
}
