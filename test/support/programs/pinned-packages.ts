/** Packages that only a long form of tests needs: installed in a folder of their own, at one version, once. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNpm } from '../../../scripts/run-npm.mjs';

const root = fileURLToPath(new URL('../../../.cache/pinned', import.meta.url));

/**
 * Runs no scripts of theirs, and installs no peers that are not named.
 *
 * @param name of the folder
 * @param packages versions by name
 * @returns the folder, with `node_modules` in it
 */
export function installPinned(name: string, packages: Readonly<Record<string, string>>): string {
  const folder = join(root, name);
  const wanted = `${JSON.stringify({ private: true, type: 'module', dependencies: packages }, undefined, 2)}\n`;
  if (textOf(join(folder, 'installed.json')) === wanted) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), wanted);
  const options = ['--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--loglevel=error'];
  runNpm(['install', ...options], { cwd: folder });
  writeFileSync(join(folder, 'installed.json'), wanted);
  return folder;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not there: to be installed.
    return undefined;
  }
}
