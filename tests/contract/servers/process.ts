/** Ends servers of tests. */

/** Ends a process, which may have ended by itself, and removes its folder. */
export async function end(child: Deno.ChildProcess, folder: string): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
  await child.status;
  await Deno.remove(folder, { recursive: true });
}
