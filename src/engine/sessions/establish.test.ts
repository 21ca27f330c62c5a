/** What holds for every new subscription, whether made by a request, by the connect, or by the server. */

import { beforeEach, describe, expect, test } from 'vitest';
import { EngineNode } from '../../../test/support/engine/node.js';
import type { JsonText } from '../../model/json-text.js';
import { channel } from '../channels/channel-options.js';
import type { Identity } from '../ports/authenticator.js';

let server: EngineNode;
let identity: Identity;
beforeEach(async () => {
  identity = { user: 'ann' };
  server = await EngineNode.start({
    channels: {
      'open:{name}': channel({ subscribe: 'anyone', history: { size: 2 } }),
      'plain:{name}': channel({ subscribe: 'anyone' }),
      'still:{name}': channel({ subscribe: 'anyone', history: { size: 2 }, recovery: 'off' }),
    },
    auth: { connect: async () => ({ ok: true, identity }) },
  });
});

const publish = async (name: string, values: readonly number[]) => {
  for (const value of values) await server.operations.publish(name, `${value}` as JsonText, {}); // safe: a number
};

test('a subscription that an authenticator grants until a time ends at that time with 3006', async () => {
  const expiresAtMs = server.clock.wallMs() + 5_000;
  identity = { user: 'ann', subscriptions: new Map([['open:a', { expiresAtMs }]]) };
  const client = await server.connect();
  await server.clock.advance(4_000);
  expect(client.closeCode).toBeUndefined();
  await server.clock.advance(3_000);
  expect(client.closeCode).toBe(3006);
});

describe('what was recovered is counted', () => {
  const counted = () => {
    const { recoveries, recoveriesFailed, publicationsRecovered } = server.node.ports.counters;
    return { recoveries, recoveriesFailed, publicationsRecovered };
  };
  /** The position after the first publication, which is then followed by this many. */
  const missing = async (numMissed: number) => {
    await publish('open:a', [1]);
    const { top } = await server.operations.history('open:a', { limit: 0, reverse: false });
    const missed = Array.from({ length: numMissed }, (_, index) => index + 2);
    await publish('open:a', missed);
    return { recover: true, ...top };
  };

  test.each([
    { numMissed: 2, expected: { recoveries: 1, recoveriesFailed: 0, publicationsRecovered: 2 } },
    { numMissed: 3, expected: { recoveries: 0, recoveriesFailed: 1, publicationsRecovered: 0 } },
  ])('with a connection: $numMissed publications', async ({ numMissed, expected }) => {
    const since = await missing(numMissed);
    identity = { user: 'ann', subscriptions: new Map([['open:a', {}]]) };
    const client = server.open();
    const reply = await client.command('connect', { subs: { 'open:a': since } });
    expect(reply).toMatchObject({ subs: { 'open:a': { was_recovering: true } } });
    expect(counted()).toEqual(expected);
  });

  test.each([
    { numMissed: 2, expected: { recoveries: 1, recoveriesFailed: 0, publicationsRecovered: 2 } },
    { numMissed: 3, expected: { recoveries: 0, recoveriesFailed: 1, publicationsRecovered: 0 } },
  ])('with a subscribe: $numMissed publications', async ({ numMissed, expected }) => {
    const since = await missing(numMissed);
    await (await server.connect()).command('subscribe', { channel: 'open:a', ...since });
    expect(counted()).toEqual(expected);
  });
});

// Otherwise its application would take what it has for complete.
test.each(['plain:a', 'still:a'])(
  'a client that asks %s for what it missed is told that it does not get it',
  async (name) => {
    const client = await server.connect();
    const place = { recover: true, offset: 1, epoch: 'e' };
    const result = await client.command('subscribe', { channel: name, ...place });
    expect(result).toMatchObject({ was_recovering: true });
    expect(result).not.toHaveProperty('recovered');
    const reject = await (await server.connect()).command('subscribe', { channel: name, ...place, flag: 2 });
    expect(reject).toBe(112);
  },
);
