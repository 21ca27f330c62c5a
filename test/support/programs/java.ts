/** Java with what its own library brings: programs of one file, compiled as they start. */

import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Whether tests with Java have to be left out. Where changes are checked they must run: there it throws. */
export function javaIsMissing(): boolean {
  if (spawnSync('javac', ['-version']).status === 0) return false;
  const message = 'there is no JDK: scripts/install-system.sh installs one';
  if (process.env.CI !== undefined && process.env.CI !== 'false') throw new Error(message);
  console.warn(`\n*** SKIPPED: tests with clients in Java: ${message} ***\n`);
  return true;
}

/** Runs a program of test/support/java. @returns the lines that it has printed */
export async function runJava(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const file = fileURLToPath(new URL(`java/${program}.java`, import.meta.url));
  const { stdout } = await promisify(execFile)('java', ['-XX:TieredStopAtLevel=1', file, ...args], {
    env: { ...process.env, ...env },
    timeout: 60_000,
  });
  return stdout.trimEnd().split('\n');
}
