/** Tests whose programs are not installed are left out, loudly. Where changes are checked they must run. */

/** @returns `true`, so that callers can return it; @throws Error with `CI` set */
export function skipLoudly(what: string, message: string, cause?: unknown): true {
  if (process.env.CI !== undefined && process.env.CI !== 'false') throw new Error(message, { cause });
  console.warn(`\n*** SKIPPED: ${what}: ${message} ***\n`);
  return true;
}
