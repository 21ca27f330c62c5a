/** `fanfare migrate`: translates the configuration of another server. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse as parseToml, TomlError } from 'smol-toml';
import { parseDocument, stringify } from 'yaml';
import { readTextFile } from '../config/bounded-file.js';
import { loadConfig } from '../config/load.js';
import { type Command, exitCodes, flagText, UsageError } from './command.js';
import { explain, warn } from './configuration.js';
import type { Draft } from './migrate/draft.js';
import { translate } from './migrate/translate.js';
import { type Fields, isFields } from './migrate/values.js';
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

/** Checks it like `fanfare check`, but without the files that it names. */
async function isConfiguration(text: string, terminal: Terminal): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'fanfare-migrate-'));
  try {
    // It contains secrets.
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

/** JSON, YAML or TOML, by its name. @throws UsageError, with the place in the file if known */
function readCentrifugoFile(folder: string, path: string): Fields {
  const read = readTextFile(resolve(folder, path), 1_048_576);
  if (!read.ok) throw new UsageError(`${path} ${read.message}`);
  const content = parse(path, read.text);
  if (!isFields(content)) throw new UsageError(`${path} holds no options`);
  return content;
}

function parse(path: string, text: string): unknown {
  if (path.endsWith('.toml')) return parsed(path, () => parseToml(text));
  // JSON is also YAML.
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) throw new UsageError(`${path}: ${error.message}`);
  return parsed(path, () => document.toJS({ maxAliasCount: 100 }));
}

function parsed(path: string, run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (error instanceof TomlError || error instanceof ReferenceError)
      throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}
