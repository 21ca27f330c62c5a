/** `fanfare migrate`: the configuration of another server as one of Fanfare. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { loadConfig } from '../config/load.js';
import { type Command, exitCodes, flagText, UsageError } from './command.js';
import { explain, warn } from './configuration.js';
import type { Draft } from './migrate/draft.js';
import { readCentrifugoFile } from './migrate/read.js';
import { translate } from './migrate/translate.js';
import type { Terminal } from './terminal.js';

export const migrate: Command = {
  name: 'migrate',
  usage: 'centrifugo <file> [flags]',
  about: [
    'Reads a configuration of Centrifugo 5 or 6 (JSON, YAML or TOML) and prints one of Fanfare, with the secrets in it. What',
    'has no place in Fanfare, or another one than it had, is told on standard error, with the reason.',
    'The exit code is 0 when fanfare serve accepts what is printed, 1 when it does not.',
  ],
  flags: {
    out: { about: 'Write the configuration to this file, which must not be there yet.', value: 'file' },
  },
  positionals: { min: 2, max: 2 },
  listsOptions: false,
  async run(parsed, { terminal, folder }) {
    const [from = '', path = ''] = parsed.positionals;
    if (from !== 'centrifugo') throw new UsageError(`only centrifugo can be migrated from (got "${from}")`);
    const draft = translate(readCentrifugoFile(folder, path));
    const text = stringify(draft.config);
    tell(draft, terminal);
    const isAccepted = await isConfiguration(text, terminal);
    const out = flagText(parsed, 'out');
    if (out === undefined) terminal.out(text.trimEnd());
    else writeNew(resolve(folder, out), out, text);
    return isAccepted ? exitCodes.ok : exitCodes.failed;
  },
};

function tell({ remarks }: Draft, terminal: Terminal): void {
  for (const { kind, from, message } of remarks) {
    const label = kind === 'refused' ? terminal.styleErr('red', 'refused') : terminal.styleErr('yellow', 'changed');
    terminal.err(`${label} ${from}: ${message}`);
  }
}

/** As `fanfare check` sees it. Files that it names are there or not: it is read beside none. */
async function isConfiguration(text: string, terminal: Terminal): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'fanfare-migrate-'));
  try {
    // Secrets are in it.
    writeFileSync(join(folder, 'fanfare.yaml'), text, { mode: 0o600 });
    const outcome = await loadConfig({ folder, env: {}, flags: new Map(), mode: 'production' });
    if (outcome.ok) warn(outcome.config.warnings, terminal);
    else explain(outcome.problems, terminal);
    return outcome.ok;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @throws UsageError */
function writeNew(path: string, name: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw new UsageError(code === 'EEXIST' ? `${name} is there already` : `${name} cannot be written (${code})`);
  }
}
