/** Java with what its own library brings: programs of one file, compiled as they start. */

import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { skipLoudly } from './missing.js';

/** Whether tests with Java have to be left out. */
export function javaIsMissing(): boolean {
  if (spawnSync('javac', ['-version']).status === 0) return false;
  return skipLoudly('tests with clients in Java', 'there is no JDK: scripts/install-system.sh installs one');
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
