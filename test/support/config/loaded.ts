/** Configurations of tests, as `fanfare serve` reads them: from an environment, flags and files in a folder of the test's own. */

import type { Config } from '../../../src/config/config.js';
import { type ConfigOutcome, loadConfig } from '../../../src/config/load.js';
import type { OptionPath } from '../../../src/config/options.js';
import { testFolder } from '../programs/test-folder.js';

export interface Sources {
  /** Default: one with {@link files}. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly (readonly [OptionPath, string])[];
  /** By name. */
  readonly files?: Readonly<Record<string, string>>;
}

export function load({ files, folder = testFolder(files), env = {}, flags = [] }: Sources): Promise<ConfigOutcome> {
  return loadConfig({ folder, env, flags: new Map(flags), mode: 'production' });
}

export async function accepted(sources: Sources): Promise<Config> {
  const outcome = await load(sources);
  if (!outcome.ok) throw new Error(outcome.problems.map(({ key, message }) => `${key} ${message}`).join('\n'));
  return outcome.config;
}

export async function problemKeys(sources: Sources): Promise<string[]> {
  const outcome = await load(sources);
  return outcome.ok ? [] : outcome.problems.map(({ key }) => key);
}
