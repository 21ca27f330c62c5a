/** Valkey's server, which a Python package brings. */

import { existsSync } from 'node:fs';
import { pythonProgram } from '../programs/python.js';

export const valkeyProgram = pythonProgram('valkey-server');

/** Whether tests with it have to be left out. Where changes are checked they must run: there it throws. */
export function valkeyIsMissing(): boolean {
  if (existsSync(valkeyProgram)) return false;
  const message = `no ${valkeyProgram}: scripts/install-system.sh installs it`;
  if (process.env.CI !== undefined && process.env.CI !== 'false') throw new Error(message);
  console.warn(`\n*** SKIPPED: tests with Valkey: ${message} ***\n`);
  return true;
}
