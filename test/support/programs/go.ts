/** Go, for tests with clients in that language. Modules come from the Go module proxy, pinned by go.sum. */

import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { skipLoudly } from './missing.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);

/** Whether tests with Go have to be left out. */
export function goIsMissing(): boolean {
  if (spawnSync('go', ['version']).status === 0) return false;
  return skipLoudly('tests with clients in Go', 'no go: scripts/install-system.sh installs it');
}

/**
 * Builds the program in a folder.
 *
 * @param folder relative to the repository
 * @returns its path
 */
export async function goProgramPath(folder: string): Promise<string> {
  const program = `${root}.cache/go/${folder.replaceAll('/', '-')}`;
  await run('go', ['build', '-buildvcs=false', '-o', program, '.'], { cwd: `${root}${folder}` });
  return program;
}

/** Like {@link goProgramPath}. @returns runs it, and resolves with what it prints */
export async function goProgram(folder: string): Promise<(...args: string[]) => Promise<string>> {
  const program = await goProgramPath(folder);
  return async (...args) => (await run(program, args, { timeout: 30_000 })).stdout;
}
