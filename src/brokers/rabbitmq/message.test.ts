/** Messages through RabbitMQ: each arrives as it was sent, and invalid ones are refused. */

import { describe, expect, test } from 'vitest';
import { type ChannelName, parseChannelName } from '../../model/channel-name.js';
import { trustedJsonText } from '../../model/json-text.js';
import { decodeRecord, encodeRecord, type LogEntry } from './history/log-record.js';
import { decodeMessage, encodeAnnouncement, encodePublication, type Message } from './message.js';

const json = trustedJsonText;
const info = { user: 'ü', client: 'c', connInfo: json('{"a":1}'), chanInfo: json('null') };
// safe: JSON with such a key, as a client may send it
const tags = JSON.parse('{"kind":"goal","__proto__":"x","constructor":"y"}') as Record<string, string>;

function name(text: string): ChannelName {
  const channel = parseChannelName(text);
  if (channel === undefined) throw new Error('it is a name');
  return channel;
}

describe('messages', () => {
  test.each([
    { data: json('"ünï 🎺"') },
    { data: json('{}'), info },
    { data: json('0'), tags },
    { data: json('[1]'), info, tags },
  ])('a publication arrives as it was: %j', (publication) => {
    const expected = { kind: 'publication', publication: { ...publication, offset: 0 }, epoch: '' };
    expect(decodeMessage(encodePublication(publication))).toEqual(expected);
  });

  test.each(['join', 'leave'] as const)('a %s arrives as it was', (event) => {
    expect(decodeMessage(encodeAnnouncement(event, info))).toEqual({ kind: event, info });
  });

  test.each<Message>([
    { type: 'publication', content: Buffer.from(''), headers: {} },
    { type: 'publication', content: Buffer.from('1'), headers: { info: '{"user":1}' } },
    { type: 'publication', content: Buffer.from('1'), headers: { tags: '{"a":1}' } },
    { type: 'publication', content: Buffer.from('1'), headers: { tags: 'null' } },
    { type: 'join', content: Buffer.from('{"user":"u"}'), headers: {} },
    { type: 'join', content: Buffer.from('not json'), headers: {} },
    { type: 'other', content: Buffer.from('1'), headers: {} },
  ])('B39: what no node has sent is refused: %j', (message) => expect(() => decodeMessage(message)).toThrow());
});

describe('records', () => {
  const known = { channel: name('a:*#.b'), seen: 7, known: { epoch: 'e', offset: 3, active: 5 } };
  const blind = { channel: name('b'), seen: -1, blindBefore: 0, epoch: 'e2' };

  test.each<LogEntry>([
    { kind: 'mark' },
    { kind: 'break' },
    { kind: 'open', basis: blind },
    { kind: 'clear', basis: known },
    { kind: 'publication', basis: known, publication: { data: json('1') } },
    {
      kind: 'publication',
      basis: blind,
      publication: { data: json('"ü"'), info, tags },
      limits: { size: 2, ttlMs: 1_000 },
      key: 'k',
    },
  ])('a record arrives as it was: %j', (entry) => {
    const record = { id: 'w.1', life: '0.w', writtenMs: 1, entry };
    expect(decodeRecord(encodeRecord(record))).toEqual(record);
  });

  test.each([
    {},
    { fanfare: 1 },
    { fanfare: 'not json' },
    { fanfare: '{"id":"a","life":"","writtenMs":1,"entry":{"kind":"other"}}' },
    { fanfare: '{"id":"a","life":"","writtenMs":1,"entry":{"kind":"open","basis":{"channel":"","seen":1}}}' },
    { fanfare: '{"id":"a","life":"","writtenMs":1,"entry":{"kind":"open","basis":{"channel":"a","seen":0.5}}}' },
    { fanfare: '{"id":"a","life":"","writtenMs":1,"entry":{"kind":"publication","basis":{"channel":"a","seen":1}}}' },
  ])('B39: what no node has written is refused: %j', (headers) => {
    expect(() => decodeRecord({ type: undefined, content: Buffer.from(''), headers })).toThrow();
  });
});
