/** Valkey's server, which a Python package brings. */

import { existsSync } from 'node:fs';
import { skipLoudly } from '../programs/missing.js';
import { pythonProgram } from '../programs/python.js';

export const valkeyProgram = pythonProgram('valkey-server');

/** Whether tests with it have to be left out. */
export function valkeyIsMissing(): boolean {
  if (existsSync(valkeyProgram)) return false;
  return skipLoudly('tests with Valkey', `no ${valkeyProgram}: scripts/install-system.sh installs it`);
}
