/** Packages of Python that one attack needs, in a folder of its own in .cache/, which nothing else uses. */

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The absolute path of a folder in .cache/. */
export function cacheFolder(name: string): string {
  return fileURLToPath(new URL(`../../.cache/${name}`, import.meta.url));
}

/**
 * Installs them unless they are there, as they are wanted now.
 *
 * @param requirements the file that pins them; its copy in the folder is made when everything is there
 * @param install puts them into the folder, which is empty
 */
export function installOnce(folder: string, requirements: string, install: () => void): void {
  const installed = `${folder}/requirements.txt`;
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  install();
  copyFileSync(requirements, installed);
}

/** The version that the file pins. @throws Error when it pins none */
export function pinnedVersion(requirements: string, name: string): string {
  const version = new RegExp(`^${name}==(\\S+)`, 'm').exec(readFileSync(requirements, 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${requirements} does not pin ${name}`);
  return version;
}

/** Runs a program whose messages are for whoever waits. @throws Error when it fails */
export function mustRun(program: string, args: readonly string[]): void {
  const { status, error }: SpawnSyncReturns<Buffer> = spawnSync(program, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0)
    throw new Error(`${program} ${args.slice(0, 3).join(' ')} failed; its messages are above`, { cause: error });
}
