/** What a one-way consumer is told about the end of a subscription, and where its id continues. */

import { expect, test } from 'vitest';
import { type Disconnect, disconnectCodes, type Unsubscribe, unsubscribeCodes } from '../../model/codes.js';
import { trustedJsonText } from '../../model/json-text.js';
import type { SubscribeResult } from '../../model/reply.js';
import { OneWayProtocol } from './protocol.js';
import { lineStyle } from './style.js';

const inStream = (offset: number): SubscribeResult => ({
  recoverable: true,
  positioned: true,
  epoch: 'e',
  offset,
  wasRecovering: false,
  recovered: false,
  publications: [],
});

/** Subscribed to the channels a and b, as requested. */
function listening() {
  const ends: Disconnect[] = [];
  const onInterrupted = (why: Disconnect) => void ends.push(why);
  const owner = { onNext() {}, onReady() {}, onRefused() {}, onInterrupted };
  const protocol = new OneWayProtocol(lineStyle, { channels: ['a', 'b'], since: new Map(), retryMs: 0 }, owner);
  const connected = {
    client: 'c',
    version: '',
    subs: new Map(),
    pingIntervalSec: 25,
    pong: false,
    session: '',
    node: '',
  };
  protocol.encodeReply(1, { kind: 'connect', result: connected });
  protocol.encodeReply(2, { kind: 'subscribe', result: inStream(4) });
  protocol.encodeReply(3, { kind: 'subscribe', result: inStream(5) });
  const end = (channel: string, unsubscribe: Unsubscribe): unknown =>
    JSON.parse(protocol.encodePush({ kind: 'unsubscribe', channel, unsubscribe }));
  return { protocol, ends, end };
}

test.each([
  ['insufficientState', disconnectCodes.insufficientState],
  ['expired', disconnectCodes.subscriptionExpired],
  ['stateInvalidated', disconnectCodes.forceReconnect],
] as const)('%s: the id keeps the place in all channels, with which the consumer comes back', (name, why) => {
  const { protocol, ends, end } = listening();
  expect(end('a', unsubscribeCodes[name])).toMatchObject({ id: 'a=4.e&b=5.e', event: 'unsubscribed', channel: 'a' });
  expect(ends).toEqual([why]);
  // Subscribed again at another position before the end: the publications in between were not sent.
  const subscribe = { recoverable: true, positioned: true, epoch: 'e', offset: 9 };
  expect(protocol.encodePush({ kind: 'subscribe', channel: 'a', subscribe })).toBe('');
  const publication = { offset: 10, data: trustedJsonText('1') };
  expect(protocol.encodePush({ kind: 'publication', channel: 'a', publication })).toBe('');
  expect(end('b', unsubscribeCodes[name])).toMatchObject({ id: 'a=4.e&b=5.e' });
});

test('what ends for good is in the id no more, and the last one ends the stream', () => {
  const { ends, end } = listening();
  expect(end('a', unsubscribeCodes.server)).toMatchObject({ id: 'b=5.e' });
  expect(ends).toEqual([]);
  expect(end('b', unsubscribeCodes.server)).not.toHaveProperty('id');
  expect(ends).toEqual([disconnectCodes.forceNoReconnect]);
});
