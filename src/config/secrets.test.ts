/** What is one secret, and what are several, wherever secrets are read. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from './config.js';
import { type ConfigOutcome, loadConfig } from './load.js';
import type { OptionPath } from './options.js';

const first = 'K9v2-first-half-of-a-secret-0123456789';
const second = 'X3q7-other-half-of-a-secret-abcdefghij';
/** Each of its halves would be long enough for a secret of its own. */
const withComma = `${first},${second}`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fanfare-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Sources {
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly (readonly [OptionPath, string])[];
  /** By name. */
  readonly files?: Readonly<Record<string, string>>;
}

function load({ env = {}, flags = [], files = {} }: Sources): Promise<ConfigOutcome> {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o600 });
  return loadConfig({ folder, env, flags: new Map(flags), mode: 'production' });
}

async function accepted(sources: Sources): Promise<Config> {
  const outcome = await load(sources);
  if (!outcome.ok) throw new Error(outcome.problems.map(({ key, message }) => `${key} ${message}`).join('\n'));
  return outcome.config;
}

async function problemKeys(sources: Sources): Promise<string[]> {
  const outcome = await load(sources);
  return outcome.ok ? [] : outcome.problems.map(({ key }) => key);
}

const kinds = [
  ['token.secret', 'FANFARE_TOKEN_SECRET', 'token.secretFile', (config: Config) => config.secrets],
  ['api.keys', 'FANFARE_API_KEYS', 'api.keysFile', (config: Config) => config.apiKeys],
  ['hooks.secret', 'FANFARE_HOOKS_SECRET', 'hooks.secretFile', (config: Config) => config.hookSecrets],
] as const;

describe.each(kinds)('%s', (path, variable, filePath, secretsOf) => {
  const [group, name] = path.split('.');
  const [, fileName] = filePath.split('.');

  // A list was made of a text with commas once: whoever saw a half of the secret had a key.
  it.each([
    ['the environment', { env: { [variable]: withComma } }],
    ['a flag', { flags: [[path, withComma] as const] }],
    ['JSON', { files: { 'fanfare.json': JSON.stringify({ [group ?? '']: { [name ?? '']: withComma } }) } }],
    ['YAML', { files: { 'fanfare.yaml': `${group}: { ${name}: "${withComma}" }` } }],
    ['a module', { files: { 'fanfare.config.mjs': `export default { ${group}: { ${name}: '${withComma}' } };` } }],
  ] as const)('with a comma, from %s, is one secret', async (_, sources) => {
    const config = await accepted(sources);
    expect(secretsOf(config)).toEqual([withComma]);
    expect(config.warnings.filter((warning) => warning.includes(filePath))).toHaveLength(1);
    expect(config.warnings.join()).not.toContain(first);
  });

  it('with a comma whose halves are too short to be meant as two is no matter for a warning', async () => {
    const config = await accepted({ env: { [variable]: `Kv9,${first}` } });
    expect(secretsOf(config)).toEqual([`Kv9,${first}`]);
    expect(config.warnings.filter((warning) => warning.includes(filePath))).toEqual([]);
  });

  it('is as many as a file has lines, commas and all', async () => {
    const config = await accepted({
      files: {
        'fanfare.json': JSON.stringify({ [group ?? '']: { [fileName ?? '']: 'keys' } }),
        keys: `${withComma}\r\n\n${second}\n`,
      },
    });
    expect(secretsOf(config)).toEqual([withComma, second]);
  });

  it('may be a list in the configuration file, whose entries are one secret each', async () => {
    const listed = { [group ?? '']: { [name ?? '']: [withComma, second] } };
    const config = await accepted({ files: { 'fanfare.json': JSON.stringify(listed) } });
    expect(secretsOf(config)).toEqual([withComma, second]);
    expect(config.warnings.filter((warning) => warning.includes(filePath))).toEqual([]);
  });

  // Trimmed on one side and not on the other, no signature would ever match, and nobody could see why.
  it.each([`${first}\n`, ` ${first}`, `${first}\t`, `${first}\n${second}`, `${first}\r\n`])(
    'with white space around it, or on several lines, is refused in a text: %j',
    async (text) => {
      expect(await problemKeys({ env: { [variable]: text } })).toEqual([path]);
    },
  );

  it('with white space around it is refused in a file, too', async () => {
    const files = (content: string) => ({
      'fanfare.json': JSON.stringify({ [group ?? '']: { [fileName ?? '']: 'keys' } }),
      keys: content,
    });
    expect(await problemKeys({ files: files(`${first} \n`) })).toEqual([filePath]);
    expect(await problemKeys({ files: files(`\t${first}`) })).toEqual([filePath]);
  });

  it('is told apart from a list in JSON in the environment, which is one text', async () => {
    const text = JSON.stringify([first, second]);
    const config = await accepted({ env: { [variable]: text } });
    expect(secretsOf(config)).toEqual([text]);
    expect(config.warnings.filter((warning) => warning.includes(filePath))).toHaveLength(1);
  });
});
