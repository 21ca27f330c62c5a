/** Options that are set and have no effect. */

import { expect, test } from 'vitest';
import { brokerKinds, brokerNames } from './broker-kinds.js';
import { loadConfig } from './load.js';
import type { OptionPath } from './options.js';

async function warnings(flags: Partial<Record<OptionPath, string>>): Promise<readonly string[]> {
  // safe: the keys are those of the parameter
  const given = new Map(Object.entries(flags) as [OptionPath, string][]);
  const outcome = await loadConfig({ folder: import.meta.dirname, env: {}, flags: given, mode: 'production' });
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.config.warnings.filter((text) => /redis\.prefix/.test(text));
}

test.each(brokerNames.flatMap((name) => brokerKinds[name].schemes.map((scheme) => [scheme, name] as const)))(
  'redis.prefix is said to have no effect with the broker %s, unless that is a Redis',
  async (scheme, name) => {
    const broker = scheme === 'memory' ? scheme : `${scheme}://localhost`;
    expect(await warnings({ broker, 'redis.prefix': 'mine' })).toHaveLength(name === 'redis' ? 0 : 1);
  },
);
