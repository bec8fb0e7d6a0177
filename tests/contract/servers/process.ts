/** Ends servers of tests. */

/** Ends a process, which may have ended before, and removes its folder. */
export async function end(child: Deno.ChildProcess, folder: string): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
  await child.status;
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
