/** Tests whose programs are not installed are left out, loudly. Where changes are checked they must run. */

import { existsSync } from 'node:fs';

/** @returns `true`, so that callers can return it; @throws Error with `CI` set */
export function skipLoudly(what: string, message: string, cause?: unknown): true {
  if (process.env.CI !== undefined && process.env.CI !== 'false') throw new Error(message, { cause });
  console.warn(`\n*** SKIPPED: ${what}: ${message} ***\n`);
  return true;
}

/** Whether tests have to be left out because one of these programs is not there. */
export function areMissing(what: string, ...paths: readonly string[]): boolean {
  const missing = paths.filter((path) => !existsSync(path));
  if (missing.length === 0) return false;
  return skipLoudly(`tests with ${what}`, `no ${missing.join(', ')}: scripts/install-system.sh installs it`);
}
