/** What `/metrics` says of streams: of each rule what producers on this node have done, and what the broker in memory keeps. */

import { expect, onTestFinished, test } from 'vitest';
import { EngineNode } from '../../test/support/engine/node.js';
import { channel } from '../engine/channels/channel-options.js';
import { nodeMetrics } from './metrics.js';

test('opens, appends, ends, cancellations, refusals and what is kept are counted', async () => {
  const node = await EngineNode.start({
    channels: { 'chat:{id}': channel({ streams: { interruptAfter: '2s' } }) },
    limits: { pingIntervalMs: 0 },
  });
  const metrics = nodeMetrics(node.node.ports);
  onTestFinished(() => metrics.close());
  const change = (fields: object) => node.operations.changeAnswer('chat:1', { id: 'a', ...fields } as never);
  const { run } = await change({ kind: 'open' });
  await change({ kind: 'append', run, seq: 1, added: { text: 'hello' } });
  await change({ kind: 'append', run, seq: 1, added: { text: 'hello' } });
  await expect(change({ kind: 'append', run, seq: 3, added: { text: '!' } })).rejects.toMatchObject({
    code: 'ERR_STREAM_GAP',
  });
  await change({ kind: 'cancel' });
  await change({ kind: 'end', run, state: 'closed' });
  await change({ kind: 'open', id: 'b' });
  await change({ kind: 'open', id: 'c' }).then(({ run: other }) =>
    change({ kind: 'end', id: 'c', run: other, state: 'failed' }),
  );
  await node.clock.advance(5_000);
  await change({ kind: 'open', id: 'd' });
  const text = (await metrics.render()).text.split('\n');
  const figure = (name: string) => {
    const line = text.find((each) => new RegExp(`^fanfare_${name}(\\{rule="chat:\\{id\\}"\\})? `).test(each));
    return Number(line?.split(' ').at(-1));
  };
  const names = ['streams_opened_total', 'stream_appends_total', 'streams_closed_total', 'streams_failed_total'];
  expect(names.map(figure)).toEqual([4, 1, 1, 1]);
  expect(['streams_cancelled_total', 'stream_refusals_total'].map(figure)).toEqual([1, 1]);
  const kept = ['memory_answers', 'memory_answers_open', 'memory_answers_interrupted_total', 'memory_answer_bytes'];
  // Ids of one character, and the text.
  expect(kept.map(figure)).toEqual([4, 1, 1, 4 + 5]);
});
