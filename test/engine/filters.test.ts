/** Filters by tags beside what else a subscription may ask for. */

import { expect, test } from 'vitest';
import { channel } from '../../src/engine/channels/channel-options.js';
import { encodeMessage } from '../../src/engine/channels/publishing.js';
import { EngineNode } from '../support/engine/node.js';

const tf = { key: 'kind', cmp: 'eq', val: 'goal' };
const rule = { subscribe: 'anyone', delta: true, filterTags: ['kind'] } as const;

test('with a filter no delta is agreed, since its base may have been held back', async () => {
  const engine = await EngineNode.start({ channels: { news: channel(rule) }, limits: { pingIntervalMs: 0 } });
  const [plain, filtered] = [await engine.connect(), await engine.connect()];
  const ask = { channel: 'news', delta: 'fossil' };
  expect(await plain.command('subscribe', ask)).toMatchObject({ delta: true });
  expect(await filtered.command('subscribe', { ...ask, tf })).not.toHaveProperty('delta');
  for (const kind of ['card', 'goal']) {
    await engine.operations.publish('news', encodeMessage({ kind }), { tags: { kind } });
    await engine.clock.settle();
  }
  expect(filtered.pushes('pub')).toEqual([{ data: { kind: 'goal' }, tags: { kind: 'goal' } }]);
  expect(plain.pushes('pub')).toHaveLength(2);
});
