/** Messages on their way into a channel: size, schema, keys. */

import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { countingRandom, FakeClock } from '../../../test/support/engine/fake-clock.js';
import { MemoryBroker } from '../../brokers/memory/broker.js';
import { type JsonText, trustedJsonText } from '../../model/json-text.js';
import { payloadValue } from '../../model/payload.js';
import type { Broker, PublishOptions } from '../ports/broker.js';
import { Counters } from '../ports/counters.js';
import { DeliverySamples } from '../time/delivery-samples.js';
import { type ChannelOptions, channel } from './channel-options.js';
import { acceptMessage, encodeMessage, Publishing } from './publishing.js';
import type { Rule } from './rule.js';
import { ChannelRules } from './rules.js';

const name = channelName('c');
const json = (value: unknown): JsonText => trustedJsonText(JSON.stringify(value));

function broker() {
  return new MemoryBroker({ clock: new FakeClock(), random: countingRandom() });
}

/** Of a node without subscribers. */
function samples(): DeliverySamples {
  return new DeliverySamples({ clock: new FakeClock(), hasSubscribers: () => false });
}

function ruleOf(options: ChannelOptions): Rule {
  const rule = new ChannelRules({ c: channel(options) }, broker(), { maxMessageBytes: 100 }).match(name);
  if (rule === undefined) throw new Error('no rule');
  return rule;
}

/** What is refused at once rejects as well. */
const accepting = async (...message: Parameters<typeof acceptMessage>) => acceptMessage(...message);

describe('accepting a message', () => {
  test('B58: the limit counts bytes of UTF-8, not characters', async () => {
    const rule = ruleOf({ maxMessageBytes: 12 });
    await expect(accepting(rule, json('é'.repeat(5)))).resolves.toMatchObject({ data: json('é'.repeat(5)) });
    await expect(accepting(rule, json('é'.repeat(6)))).rejects.toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE' });
  });

  test('without a schema it is taken as it is, and not decoded', async () => {
    const text = trustedJsonText('{ "a" : 1.0 }');
    expect(await acceptMessage(ruleOf({}), text)).toEqual({ data: text, value: undefined });
  });

  test.each([
    ['zod', z.object({ text: z.string().max(5), likes: z.number().default(0) })],
    ['valibot', v.object({ text: v.pipe(v.string(), v.maxLength(5)), likes: v.optional(v.number(), 0) })],
  ])('%s: what the schema gives back is what is published', async (_, message) => {
    const rule = ruleOf({ message });
    const accepted = await acceptMessage(rule, json({ text: 'hi', evil: true }));
    expect(accepted.value).toEqual({ text: 'hi', likes: 0 });
    expect(payloadValue(accepted.data)).toEqual({ text: 'hi', likes: 0 });
    await expect(accepting(rule, json({ text: 'too long' }))).rejects.toMatchObject({
      code: 'ERR_MESSAGE_INVALID',
      replyCode: 107,
    });
  });

  test('a schema may take its time', async () => {
    const message = z.string().refine(async (text) => text === 'good');
    await expect(accepting(ruleOf({ message }), json('good'))).resolves.toMatchObject({ value: 'good' });
    await expect(accepting(ruleOf({ message }), json('bad'))).rejects.toMatchObject({
      code: 'ERR_MESSAGE_INVALID',
    });
  });

  test('a schema that gives back what JSON cannot carry is told so', async () => {
    const message = z.number().transform((value) => BigInt(value));
    await expect(accepting(ruleOf({ message }), json(1))).rejects.toMatchObject({ code: 'ERR_MESSAGE_INVALID' });
  });

  test('too large comes before the schema: it is never asked', async () => {
    let asked = 0;
    const message = z.string().refine(() => ++asked > 0);
    await expect(accepting(ruleOf({ message, maxMessageBytes: 5 }), json('123456'))).rejects.toMatchObject({
      code: 'ERR_MESSAGE_TOO_LARGE',
    });
    expect(asked).toBe(0);
  });
});

describe('encoding a value', () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;

  test.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a cycle', cycle],
    ['a bigint', 1n],
    ['B58: a lone surrogate', { text: '\ud800' }],
    ['B58: a lone surrogate in a key', { '\udfff': 1 }],
  ])('%s is refused', (_, value) => {
    expect(() => encodeMessage(value)).toThrow(expect.objectContaining({ code: 'ERR_MESSAGE_INVALID' }));
  });

  test('the cause of a refusal is kept', () => {
    const toJSON = () => {
      throw new TypeError('x');
    };
    expect(() => encodeMessage({ toJSON })).toThrow(expect.objectContaining({ cause: expect.any(TypeError) }));
  });

  test('any JSON value comes back', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(JSON.parse(encodeMessage(value)))).toBe(JSON.stringify(value));
      }),
    );
  });
});

describe('publishing', () => {
  async function published(options: ChannelOptions, publishing: Parameters<Publishing['publish']>[3]) {
    const memory = broker();
    const seen: PublishOptions[] = [];
    const counters = new Counters();
    const publish = memory.publish.bind(memory);
    memory.publish = (channel, publication, given) => {
      seen.push(given);
      return publish(channel, publication, given);
    };
    const outcome = await new Publishing(memory, counters, samples()).publish(
      name,
      ruleOf(options),
      json(1),
      publishing,
    );
    return { outcome, options: seen[0], counters };
  }

  test('keeps what a rule with history says, and counts it', async () => {
    const { outcome, options, counters } = await published({ history: { size: 3 } }, {});
    expect(options).toEqual({ stream: { size: 3, ttlMs: 300_000 } });
    expect([outcome.position.offset, counters.publicationsIn]).toEqual([1, 1]);
  });

  test.each([
    ['a rule without history', {}, {}],
    ['skipHistory', { history: { size: 3 } }, { skipHistory: true }],
  ])('%s keeps nothing', async (_, rule, publishing) => {
    const { outcome, options } = await published(rule, publishing);
    expect([outcome.position, options]).toEqual([{ offset: 0, epoch: '' }, {}]);
  });

  test.each(['a', 'k'.repeat(256), 'é'.repeat(128)])('G6: a key of 1 to 256 bytes reaches the broker', async (key) => {
    expect((await published({}, { idempotencyKey: key })).options).toEqual({ idempotencyKey: key });
  });

  const otherKeys = ['', 'k'.repeat(257), 'é'.repeat(129), 'k'.repeat(1_000_000)];
  test.each(otherKeys)('B92: any other key is refused, and nothing is counted', async (key) => {
    const counters = new Counters();
    const publishing = new Publishing(broker(), counters, samples());
    await expect(publishing.publish(name, ruleOf({}), json(1), { idempotencyKey: key })).rejects.toMatchObject({
      code: 'ERR_IDEMPOTENCY_KEY',
    });
    expect(counters.publicationsIn).toBe(0);
  });

  test('a version reaches a broker that compares versions, with a history to compare it with', async () => {
    const version = { number: 3, epoch: 'e' };
    const history = { history: { size: 3 } };
    expect((await published(history, { version })).options).toMatchObject({ version });
    const blind: Broker = Object.assign(broker(), { comparesVersions: false });
    const refusals = [
      new Publishing(blind, new Counters(), samples()).publish(name, ruleOf(history), json(1), { version }),
      published({}, { version }),
      published(history, { version, skipHistory: true }),
    ];
    for (const refused of refusals) await expect(refused).rejects.toMatchObject({ code: 'ERR_NOT_AVAILABLE' });
    for (const number of [0, -1, 1.5, 2 ** 53, Number.NaN]) {
      const refused = published(history, { version: { number, epoch: '' } });
      await expect(refused).rejects.toMatchObject({ code: 'ERR_MESSAGE_INVALID' });
    }
  });
});
