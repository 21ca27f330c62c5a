/** Deno and Bun as npm has them; `npm run test:runtimes` and CI install them. */

import { existsSync } from 'node:fs';
import { otherRuntimes, runtimePath } from '../../scripts/runtime-binary.mjs';

/** Where the binary is; `undefined`, said aloud, where it is not installed. Where changes are checked it throws. */
export function runtimeBinary(runtime: keyof typeof otherRuntimes): string | undefined {
  const path = runtimePath(runtime, otherRuntimes[runtime]);
  if (existsSync(path)) return path;
  const message = `no ${runtime} ${otherRuntimes[runtime]}: npm run test:runtimes installs it`;
  if (process.env.CI !== undefined && process.env.CI !== 'false') throw new Error(message);
  console.warn(`\n*** SKIPPED: tests with ${runtime}: ${message} ***\n`);
  return undefined;
}
