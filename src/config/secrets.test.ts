/** What is one secret, and what are several, wherever secrets are read. */

import { describe, expect, it } from 'vitest';
import { accepted, problemKeys } from '../../test/support/config/loaded.js';
import type { Config } from './config.js';

const first = 'K9v2-first-half-of-a-secret-0123456789';
const second = 'X3q7-other-half-of-a-secret-abcdefghij';
/** Each of its halves would be long enough for a secret of its own. */
const withComma = `${first},${second}`;

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
  const padded = [`${first}\n`, ` ${first}`, `${first}\t`, `${first}\n${second}`, `${first}\r\n`];
  it.each(padded)('with white space around it, or on several lines, is refused in a text: %j', async (text) =>
    expect(await problemKeys({ env: { [variable]: text } })).toEqual([path]),
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
