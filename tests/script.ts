/** Shell scripts as programs. */

/**
 * Writes a script that can be run.
 *
 * Another process does it: a program that is run elsewhere in this one meanwhile would inherit the open file, and
 * nobody can run a file that somebody still has open for writing.
 */
export async function writeScript(path: string, body: string): Promise<void> {
  const text = `${path}.text`;
  await Deno.writeTextFile(text, `#!/bin/sh\n${body}\n`);
  const { success } = await new Deno.Command("install", { args: ["-m", "755", text, path] })
    .output();
  await Deno.remove(text);
  if (!success) throw new Error(`${path} can't be written`);
}
