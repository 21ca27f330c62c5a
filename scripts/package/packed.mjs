// @ts-check
/** The package as npm would publish it, of what is built: whoever needs it does not have it built anew. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm } from '../run-npm.mjs';
import { root } from '../setup.mjs';

/**
 * @param {string} folder for the file alone; what is there is removed
 * @returns {string} the file
 */
export function pack(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  runNpm(['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: root });
  const [name] = readdirSync(folder);
  if (name === undefined) throw new Error('nothing was packed');
  return join(folder, name);
}
