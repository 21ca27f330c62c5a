/** Options that are set and have no effect. */

import { expect, test } from 'vitest';
import { accepted } from '../../test/support/config/loaded.js';
import { brokerKinds, brokerNames } from './broker-kinds.js';
import type { OptionPath } from './options.js';

async function warnings(flags: Partial<Record<OptionPath, string>>): Promise<readonly string[]> {
  // safe: the keys are those of the parameter
  const config = await accepted({ flags: Object.entries(flags) as [OptionPath, string][] });
  return config.warnings.filter((text) => /redis\.prefix|deflate/.test(text));
}

const brokers = brokerNames.flatMap((name) => brokerKinds[name].schemes.map((scheme) => [scheme, name] as const));
test.each(brokers)(
  'redis.prefix is said to have no effect with the broker %s, unless that is a Redis',
  async (scheme, name) => {
    const broker = scheme === 'memory' ? scheme : `${scheme}://localhost`;
    expect(await warnings({ broker, 'redis.prefix': 'mine' })).toHaveLength(name === 'redis' ? 0 : 1);
  },
);

test('samples for dictionaries are said to have no effect without any', async () => {
  const channels = '{"a:{x}":{"subscribe":"anyone","dictionarySamples":true},"b":{"subscribe":"anyone"}}';
  const dictionary = { 'deflate.enabled': 'true', 'deflate.dictionary': 'true' };
  const warning = 'channels → a:{x} → dictionarySamples has no effect without deflate.enabled and deflate.dictionary';
  expect(await warnings({ channels })).toEqual([warning]);
  expect(await warnings({ channels, 'deflate.enabled': 'true' })).toEqual([warning]);
  expect(await warnings({ channels, ...dictionary })).toEqual([]);
});

test('options of compression are said to have no effect where it is off', async () => {
  const set = { 'deflate.minBytes': '512', 'deflate.dictionary': 'true' };
  expect(await warnings(set)).toEqual([
    'deflate.minBytes has no effect without deflate.enabled',
    'deflate.dictionary has no effect without deflate.enabled',
  ]);
  expect(await warnings({ ...set, 'deflate.enabled': 'true' })).toEqual([]);
});
