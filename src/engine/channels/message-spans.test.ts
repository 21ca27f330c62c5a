/** Spans of publishing and of the fan-out, on a node with a fake clock. */

import { expect, test } from 'vitest';
import { EngineNode } from '../../../test/support/engine/node.js';
import { RecordedTracer } from '../../../test/support/engine/recorded-tracer.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { trustedJsonText } from '../../model/json-text.js';
import type { NewPublication } from '../../model/publication.js';
import { channel } from './channel-options.js';

const json = (value: unknown) => trustedJsonText(JSON.stringify(value));
const publish = 'publish chat:{room}';
const deliver = 'deliver chat:{room}';

async function traced() {
  const tracer = new RecordedTracer();
  /** What the broker got. */
  const carried: NewPublication[] = [];
  let isDown = false;
  const node = await EngineNode.start({
    tracer,
    channels: { 'chat:{room}': channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 10 } }) },
    broker: (memory) => {
      const { publish: accept } = memory;
      memory.publish = (name, publication, options) => {
        carried.push(publication);
        if (isDown) return Promise.reject(new FanfareError('ERR_BROKER', 'away'));
        return accept.call(memory, name, publication, options);
      };
      return memory;
    },
  });
  const subscriber = await node.connect({ sub: '42' });
  await subscriber.command('subscribe', { channel: 'chat:a' });
  const setDown = () => {
    isDown = true;
  };
  return { tracer, carried, node, subscriber, setDown };
}

test('the fan-out is a child of the publication, and ends when the bytes are written', async () => {
  const { tracer, node, subscriber } = await traced();
  let writtenAtEnd = 0;
  tracer.onEnd = ({ name }) => {
    if (name === deliver) writtenAtEnd = subscriber.pushes('pub').length;
  };
  await node.operations.publish('chat:a', json(1), {});
  await node.clock.settle();
  const [published] = tracer.named(publish);
  const [delivered] = tracer.named(deliver);
  expect(published).toMatchObject({
    kind: 'producer',
    ended: { error: undefined },
    set: { 'messaging.message.id': '1' },
  });
  expect(delivered).toMatchObject({ kind: 'consumer', from: published?.trace, set: { 'fanfare.subscribers': 1 } });
  expect(delivered?.ended).toEqual({ error: undefined });
  expect(writtenAtEnd).toBe(1);
});

test('publications of one turn have a span each, all ended once', async () => {
  const { tracer, node, subscriber } = await traced();
  await Promise.all([1, 2, 3].map((value) => node.operations.publish('chat:a', json(value), {})));
  await node.clock.settle();
  expect(tracer.named(deliver).map(({ from }) => from)).toEqual(tracer.named(publish).map(({ trace }) => trace));
  expect(tracer.spans.every(({ ended }) => ended !== undefined)).toBe(true);
  expect(subscriber.pushes('pub')).toHaveLength(3);
});

test('without subscribers there is nothing to record of the fan-out', async () => {
  const { tracer, node } = await traced();
  await node.operations.publish('chat:nobody', json(1), {});
  await node.clock.settle();
  expect(tracer.spans.map(({ name }) => name)).toEqual([publish]);
});

test('what is not recorded carries nothing, and the history keeps nothing of it', async () => {
  const { tracer, node, carried, subscriber } = await traced();
  tracer.isRecording = false;
  await node.operations.publish('chat:a', json(1), {});
  await node.clock.settle();
  expect(carried.map((publication) => Object.keys(publication))).toEqual([['data']]);
  const { publications } = await node.operations.history('chat:a', { limit: 10, reverse: false });
  expect(publications.map((publication) => Object.keys(publication))).toEqual([['data', 'offset']]);
  expect(subscriber.pushes('pub')).toHaveLength(1);
});

test('clients never get the trace: not live, not from the history', async () => {
  const { tracer, node, subscriber } = await traced();
  await node.operations.publish('chat:a', json(1), {});
  await node.clock.settle();
  await subscriber.command('history', { channel: 'chat:a', limit: 10 });
  expect(tracer.named(publish)).toHaveLength(1);
  expect(JSON.stringify(subscriber.messages)).not.toContain('trace');
});

test('a broker that fails ends the span with its error, and the caller gets it', async () => {
  const { tracer, node, setDown } = await traced();
  setDown();
  await expect(node.operations.publish('chat:a', json(1), {})).rejects.toMatchObject({ code: 'ERR_BROKER' });
  await node.clock.settle();
  expect(tracer.named(publish)[0]?.ended?.error).toMatchObject({ code: 'ERR_BROKER' });
});

test('a refusal before the broker begins no span', async () => {
  const { tracer, node } = await traced();
  await expect(node.operations.publish('nowhere:a', json(1), {})).rejects.toMatchObject({
    code: 'ERR_UNKNOWN_CHANNEL',
  });
  await expect(node.operations.publish('chat:a', json(1), { idempotencyKey: '' })).rejects.toMatchObject({
    code: 'ERR_IDEMPOTENCY_KEY',
  });
  expect(tracer.spans).toEqual([]);
});
