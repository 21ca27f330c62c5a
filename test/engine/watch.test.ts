/** Channels that the application reads in its own process: each message once and in order, beside subscribers and without. */

import { describe, expect, it } from 'vitest';
import { channel } from '../../src/engine/channels/channel-options.js';
import { toJsonText } from '../../src/model/json-text.js';
import { type Payload, payloadValue } from '../../src/model/payload.js';
import type { Publication } from '../../src/model/publication.js';
import { EngineCluster } from '../support/engine/cluster.js';
import { EngineNode } from '../support/engine/node.js';

const channels = {
  'input:{room}': channel({ publish: 'user' }),
  'chat:{room}': channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 10 } }),
  'scores:{room}': channel({ subscribe: 'anyone', map: {} }),
};

const payload = (value: unknown): Payload => toJsonText(value) ?? expect.unreachable();

/** What a listener has got, shortened. */
function recorded() {
  const got: unknown[] = [];
  const listener = ({ data, info, key, removed }: Publication) =>
    got.push([payloadValue(data), info?.user, key, removed].filter((part) => part !== undefined));
  return { got, listener };
}

describe('watching a channel', () => {
  it('gets what clients publish, with who they are, though nobody is subscribed', async () => {
    const server = await EngineNode.start({ channels });
    const { got, listener } = recorded();
    await server.operations.watch('input:1', listener);
    const ann = await server.connect({ sub: 'ann' });
    await ann.command('publish', { channel: 'input:1', data: 1 });
    await ann.command('publish', { channel: 'input:2', data: 2 });
    await server.operations.publish('input:1', payload(3), {});
    expect(got).toEqual([[1, 'ann'], [3]]);
  });

  it('goes on when subscribers come and go, and is one of several', async () => {
    const server = await EngineNode.start({ channels });
    const [one, other] = [recorded(), recorded()];
    const stop = await server.operations.watch('chat:1', one.listener);
    await server.operations.watch('chat:1', other.listener);
    const ann = await server.connect({ sub: 'ann' });
    await ann.command('subscribe', { channel: 'chat:1' });
    await server.operations.publish('chat:1', payload('a'), {});
    stop();
    stop();
    await server.operations.publish('chat:1', payload('b'), {});
    await ann.command('unsubscribe', { channel: 'chat:1' });
    await server.operations.publish('chat:1', payload('c'), {});
    expect(one.got).toEqual([['a']]);
    expect(other.got).toEqual([['a'], ['b'], ['c']]);
    expect(ann.pushes('pub')).toHaveLength(2);
  });

  it('reads beside a live tail of the console', async () => {
    const server = await EngineNode.start({ channels });
    const { got, listener } = recorded();
    const { node, operations } = server;
    await node.inspection.tail('chat:1');
    const stop = await operations.watch('chat:1', listener);
    await operations.publish('chat:1', payload('a'), {});
    stop();
    await operations.publish('chat:1', payload('b'), {});
    expect(got).toEqual([['a']]);
  });

  it('gets what is published on other nodes', async () => {
    const { 'scores:{room}': _map, ...others } = channels;
    const cluster = await EngineCluster.start(2, { channels: others });
    const [a, b] = cluster.nodes;
    if (a === undefined || b === undefined) return expect.unreachable();
    const { got, listener } = recorded();
    await a.operations.watch('input:1', listener);
    const ann = await b.connect({ sub: 'ann' });
    await ann.command('publish', { channel: 'input:1', data: 1 });
    await cluster.clock.advance(20);
    expect(got).toEqual([[1, 'ann']]);
  });

  it('gets the changes of a map with their keys', async () => {
    const { operations } = await EngineNode.start({ channels });
    const { got, listener } = recorded();
    await operations.watch('scores:1', listener);
    await operations.changeMap('scores:1', { key: 'ann', data: payload(7), removed: false }, {});
    await operations.changeMap('scores:1', { key: 'ann', data: payload(null), removed: true }, {});
    expect(got).toEqual([
      [7, 'ann'],
      [null, 'ann', true],
    ]);
  });

  it('survives a listener that throws, as do the subscribers', async () => {
    const { operations, connect } = await withConnect();
    const ann = await connect();
    await ann.command('subscribe', { channel: 'chat:1' });
    let numCalls = 0;
    await operations.watch('chat:1', () => {
      numCalls++;
      throw new Error('a fault of the application');
    });
    await operations.publish('chat:1', payload('a'), {});
    await operations.publish('chat:1', payload('b'), {});
    expect(numCalls).toBe(2);
    await ann.command('ping', {});
    expect(ann.pushes('pub')).toHaveLength(2);
  });

  it('is refused for names without a rule', async () => {
    const { operations } = await EngineNode.start({ channels });
    await expect(operations.watch('nowhere', () => {})).rejects.toMatchObject({ code: 'ERR_UNKNOWN_CHANNEL' });
    await expect(operations.watch('', () => {})).rejects.toMatchObject({ code: 'ERR_CHANNEL_NAME' });
  });
});

async function withConnect() {
  const server = await EngineNode.start({ channels });
  return { operations: server.operations, connect: () => server.connect({ sub: 'ann' }) };
}
