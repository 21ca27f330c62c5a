/** Deno and Bun as npm has them; `npm run test:runtimes` and CI install them. */

import { existsSync } from 'node:fs';
import { otherRuntimes, runtimePath } from '../../scripts/runtime-binary.mjs';
import { skipLoudly } from '../support/programs/missing.js';

/** Where the binary is; `undefined`, said aloud, where it is not installed. Where changes are checked it throws. */
export function runtimeBinary(runtime: keyof typeof otherRuntimes): string | undefined {
  const path = runtimePath(runtime, otherRuntimes[runtime]);
  if (existsSync(path)) return path;
  skipLoudly(`tests with ${runtime}`, `no ${runtime} ${otherRuntimes[runtime]}: npm run test:runtimes installs it`);
  return undefined;
}
