/** What brokers store and nodes send through them, as somebody else may have left it: read as it was meant, or not at all. */

import assert from 'node:assert/strict';
import {
  decodeMember,
  decodeMessage,
  encodeAnnouncement,
  encodeMember,
  encodePublication,
} from '../../../src/brokers/bus-message.js';
import { advanced, decodeStored, emptyPlace, encodeStored } from '../../../src/brokers/nats/journal/stored-message.js';
import { decodeRecord, encodeRecord, type LogRecord } from '../../../src/brokers/rabbitmq/history/log-record.js';
import * as amqp from '../../../src/brokers/rabbitmq/message.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import type { ClientInfo, NewPublication } from '../../../src/model/publication.js';
import { channelName } from '../../support/engine/channel-name.js';
import type { FuzzTarget } from './fuzzing.js';
import { mutatedJson } from './mutate-json.js';
import { mutatedText } from './mutate-text.js';

const json = (value: unknown) => trustedJsonText(JSON.stringify(value));
const info: ClientInfo = { user: 'ann', client: 'c1', connInfo: json({ name: 'Ann' }), chanInfo: json([1]) };

const publications: readonly NewPublication[] = [
  { data: json({ text: 'hello' }) },
  { data: json(null), info: { user: '', client: 'c2' } },
  { data: json('é😀'), info, tags: { kind: 'bell', constructor: 'x' } },
  { data: Uint8Array.of(0, 0xff, 0x7f), tags: {} },
  { data: json(1), key: 'ключ', info },
  { data: json(null), key: 'a', removed: true },
  { data: json([]), trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
];

/** What {@link read} makes of it; `undefined` if it throws, which it does with errors alone. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    assert.ok(error instanceof Error);
    assert.ok(!(error instanceof RangeError), 'the stack or a buffer overflows');
    return undefined;
  }
}

function isOffset(value: number): void {
  assert.ok(Number.isSafeInteger(value) && value >= 0, `${value} is no offset`);
}

export const busMessages: FuzzTarget<string> = {
  name: 'messages through Redis and NATS',
  about: 'read as an offset, an epoch and a publication that can be sent again as they are, or refused',
  corpus: [
    ...publications.map((publication, n) => `p${n * 1_000}:node.${n}:${encodePublication(publication)}`),
    encodeAnnouncement('join', info),
    encodeAnnouncement('leave', { user: '', client: 'c' }),
  ],
  mutate: (random, text, corpus) => {
    const start = text.indexOf('{');
    if (start === -1 || random.below(3) === 0) return mutatedText(random, text, corpus);
    return text.slice(0, start) + mutatedJson(random, text.slice(start), corpus);
  },
  attack(text) {
    const message = attempt(() => decodeMessage(text));
    if (message === undefined) return;
    if (message.kind !== 'publication') {
      assert.deepEqual(decodeMessage(encodeAnnouncement(message.kind, message.info)), message);
      return;
    }
    const { publication, epoch } = message;
    isOffset(publication.offset);
    assert.deepEqual(decodeMessage(`p${publication.offset}:${epoch}:${encodePublication(publication)}`), message);
  },
};

export const members: FuzzTarget<string> = {
  name: 'members in presence',
  about: 'read as a user and a client, or refused',
  corpus: [encodeMember(info), encodeMember({ user: '', client: '' }), '{"user":"a","client":"b","more":1}'],
  mutate: mutatedJson,
  attack(text) {
    const member = attempt(() => decodeMember(text));
    if (member === undefined) return;
    assert.deepEqual([typeof member.user, typeof member.client], ['string', 'string']);
    assert.deepEqual(decodeMember(encodeMember(member)), member);
  },
};

const limits = { size: 100, ttlMs: 60_000 };
const place = advanced(
  advanced(emptyPlace('birth-1', 'life.2'), 2, limits, 'life.2', 1_000),
  3,
  limits,
  'life.2',
  2_000,
);

export const journal: FuzzTarget<string> = {
  name: 'messages stored in JetStream',
  about: 'read as a place whose numbers count and publications up to it, or refused',
  corpus: [
    encodeStored(place, publications.slice(0, 3).map(encodePublication)),
    encodeStored({ ...place, links: [35, 36, 1_000_000] }, [encodePublication({ data: json(1) })]),
    encodeStored(emptyPlace('b', 'l'), []),
  ],
  mutate: mutatedText,
  attack(text) {
    const stored = attempt(() => decodeStored(text, 7));
    if (stored === undefined) return;
    const { timeMs, offset, oldest, limits, links } = stored.place;
    for (const value of [timeMs, offset, oldest, limits.size, limits.ttlMs, ...links]) isOffset(value);
    assert.ok(stored.publications.length <= offset);
    assert.deepEqual(decodeStored(encodeStored(stored.place, stored.publications.map(encodePublication)), 7), stored);
  },
};

/** An AMQP message as a text, to be changed like one. */
interface Sent {
  readonly type: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly content: unknown;
}

const sent = ({ type, headers, content }: amqp.Message): string =>
  JSON.stringify({ type, headers, content: content.toString() });

function received(text: string): amqp.Received | undefined {
  const message = attempt((): Sent => JSON.parse(text));
  if (typeof message !== 'object' || message === null) return undefined;
  const { type, headers, content } = message;
  const isHeaders = typeof headers === 'object' && headers !== null;
  return { type, headers: isHeaders ? headers : {}, content: Buffer.from(typeof content === 'string' ? content : '') };
}

export const amqpMessages: FuzzTarget<string> = {
  name: 'messages through RabbitMQ',
  about: 'read as what can be sent again as it is, or refused',
  corpus: [
    ...publications.filter(({ key }) => key === undefined).map((each) => sent(amqp.encodePublication(each))),
    sent(amqp.encodeAnnouncement('join', info)),
    sent(amqp.encodeAnnouncement('leave', { user: '', client: 'c' })),
  ],
  mutate: mutatedJson,
  attack(text) {
    const given = received(text);
    const message = given && attempt(() => amqp.decodeMessage(given));
    if (message === undefined) return;
    const again =
      message.kind === 'publication'
        ? amqp.encodePublication(message.publication)
        : amqp.encodeAnnouncement(message.kind, message.info);
    assert.deepEqual(amqp.decodeMessage(again), message);
  },
};

const basis = { channel: channelName('news'), seen: 12, known: { epoch: 'e', offset: 3, active: 10 } };
const record = (entry: LogRecord['entry']): LogRecord => ({
  id: 'r1',
  life: 'l1',
  writtenMs: 1_700_000_000_000.5,
  entry,
});

export const logRecords: FuzzTarget<string> = {
  name: 'records in a stream of RabbitMQ',
  about: 'read as a record that can be written again as it is, or refused',
  corpus: [
    record({ kind: 'mark' }),
    record({ kind: 'break' }),
    record({ kind: 'open', basis: { channel: basis.channel, seen: 1, blindBefore: 0, epoch: 'e' } }),
    record({ kind: 'clear', basis }),
    ...publications
      .filter(({ key }) => key === undefined)
      .map((publication) => record({ kind: 'publication', basis, publication, limits, key: 'order-1' })),
  ].map((each) => sent(encodeRecord(each))),
  mutate(random, text, corpus) {
    // What is in the header is JSON in a text.
    const message = received(text);
    const header = message?.headers.fanfare;
    if (message === undefined || typeof header !== 'string' || random.below(3) === 0)
      return mutatedJson(random, text, corpus);
    const headers = { fanfare: mutatedJson(random, header, [header]) };
    return JSON.stringify({ type: message.type, headers, content: message.content.toString() });
  },
  attack(text) {
    const given = received(text);
    const found = given && attempt(() => decodeRecord(given));
    if (found === undefined) return;
    // As texts: of zeros there are two.
    assert.deepEqual(encodeRecord(decodeRecord(encodeRecord(found))), encodeRecord(found));
  },
};
