/** The AsyncAPI document of an application: valid whatever is declared, and true to what its server does. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type AsyncApiDocument, channel, fanfare, jwt, memory, rpc, type UnknownSchema } from 'fanfare';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { ChannelDeclaration, ChannelOptions } from '../../src/engine/channels/channel-options.js';
import type { ChannelDeclarations, ChannelSchemas } from '../../src/engine/channels/channel-types.js';
import { acceptMessage, encodeMessage } from '../../src/engine/channels/publishing.js';
import { ChannelRules } from '../../src/engine/channels/rules.js';
import { defaultLimits } from '../../src/engine/ports/limits.js';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { payloadText, payloadValue } from '../../src/model/payload.js';
import { systemClock, systemRandom } from '../../src/server/system-ports.js';
import { testSecret } from '../cli/fanfare-process.js';
import { expectValid, payloadValidator, resolve } from '../support/documents/async-api.js';

const tree = z
  .object({
    size: z.number().default(1),
    get branches() {
      return z.array(tree);
    },
  })
  .meta({ id: 'Tree' });

const dated = z.object({
  at: z.codec(z.iso.datetime(), z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() }),
});

function specOf<Channels extends ChannelSchemas>(channels: ChannelDeclarations<Channels>): AsyncApiDocument {
  return fanfare({ channels, log: silentLogger }).spec();
}

describe('what is declared', () => {
  const unknowns: UnknownSchema[] = [];
  const document = fanfare({
    auth: jwt({ secret: testSecret }),
    path: '/live',
    channels: {
      'tree:{id}': channel({ message: tree, subscribe: 'token', publish: 'user', history: { size: 9, ttl: '1h' } }),
      'news:{topic*}': channel({ subscribe: 'anyone', history: { size: 1, read: 'anyone' }, recovery: 'cache' }),
      'dated:{day}': channel({ message: dated, subscribe: () => true, publish: 'subscriber', presence: true }),
      'own:{x}': channel({ userLimited: true, joinLeave: 'push', maxMessageBytes: 100, maxRate: { max: 5 } }),
      'closed:{x}': channel(),
      rpc: channel({ subscribe: 'user' }),
    },
    rpc: {
      'math.add': rpc({ input: z.object({ a: z.number(), b: z.number() }), run: ({ a, b }) => a + b }),
      'math-add': rpc({ allow: 'anyone', run: () => 1 }),
    },
  }).spec({
    title: 'Forest',
    version: '2.1.0',
    description: 'Trees.',
    url: 'wss://example.com:8443',
    onUnknown: (unknown) => unknowns.push(unknown),
  });
  const { channels, operations, components } = document;

  it('is a valid document with the title, version and server that were given', () => {
    expectValid(document);
    expect(document.info).toMatchObject({ title: 'Forest', version: '2.1.0' });
    expect(document.info.description.startsWith('Trees.\n\n')).toBe(true);
    expect(document.servers.fanfare).toMatchObject({ protocol: 'wss', host: 'example.com:8443', pathname: '/live' });
  });

  it('has the channels in their order, with addresses and parameters', () => {
    expect(Object.values(channels).map(({ address }) => address)).toEqual([
      'tree:{id}',
      'news:{topic}',
      'dated:{day}',
      'own:{x}',
      'closed:{x}',
      'rpc',
      null,
    ]);
    expect(channels.news_topic?.parameters?.topic).toMatchObject({ 'x-fanfare-rest': true });
    expect(channels.rpc).not.toHaveProperty('parameters');
  });

  it('lets clients do what the rules let them, and nothing else', () => {
    const permissions = Object.entries(operations).map(([id, operation]) => [
      id,
      operation.action,
      operation['x-fanfare-permission'],
    ]);
    expect(permissions).toEqual([
      ['receive_tree_id', 'receive', 'token'],
      ['publish_tree_id', 'send', 'user'],
      ['receive_news_topic', 'receive', 'anyone'],
      ['receive_dated_day', 'receive', 'application'],
      ['publish_dated_day', 'send', 'subscriber'],
      ['receive_own_x', 'receive', 'user-limited'],
      ['receive_rpc', 'receive', 'user'],
      ['call_math_add', 'send', 'user'],
      ['call_math_add_2', 'send', 'anyone'],
    ]);
    expect(channels.closed_x?.messages).not.toHaveProperty('publish');
  });

  it('gives each operation messages of its own channel', () => {
    for (const { channel: owner, messages, reply } of Object.values(operations)) {
      for (const { $ref } of [...messages, ...(reply?.messages ?? [])])
        expect($ref.startsWith(`${owner.$ref}/messages/`)).toBe(true);
    }
  });

  it('tells a token for the connection, and one for a subscription where a rule asks for it', () => {
    expect(components.securitySchemes.token).toMatchObject({ scheme: 'bearer', bearerFormat: 'JWT' });
    expect(document.servers.fanfare?.security).toHaveLength(1);
    const secured = Object.entries(operations).filter(([, { security }]) => security !== undefined);
    expect(secured.map(([id]) => id)).toEqual(['receive_tree_id']);
  });

  it('tells history, recovery, presence, joins and limits as extensions', () => {
    expect(channels.tree_id).toMatchObject({
      'x-fanfare-pattern': 'tree:{id}',
      'x-fanfare-history': { size: 9, ttlSec: 3_600, read: 'subscriber' },
      'x-fanfare-recovery': 'stream',
    });
    expect(channels.news_topic).toMatchObject({
      'x-fanfare-pattern': 'news:{topic*}',
      'x-fanfare-history': { size: 1, ttlSec: 300, read: 'anyone' },
      'x-fanfare-recovery': 'cache',
    });
    expect(channels.dated_day).toMatchObject({ 'x-fanfare-presence': { read: 'subscriber' } });
    expect(channels.own_x).toMatchObject({
      'x-fanfare-user-limited': true,
      'x-fanfare-join-leave': 'push',
      'x-fanfare-max-message-bytes': 100,
      'x-fanfare-max-rate': { default: 5, max: 5 },
    });
  });

  it('has calls with their replies on a channel beside one that is named like it', () => {
    expect(operations.call_math_add).toMatchObject({
      channel: { $ref: '#/channels/rpc_2' },
      'x-fanfare-procedure': 'math.add',
      reply: { channel: { $ref: '#/channels/rpc_2' } },
    });
    const validate = payloadValidator(document, 'rpc_2', 'math_add_request');
    expect([validate({ a: 1, b: 2 }), validate({ a: 1 })]).toEqual([true, false]);
  });

  it('marks what JSON Schema cannot say, and reports it', () => {
    expect(unknowns).toEqual([{ what: 'dated:{day}: what subscribers get', reason: expect.stringContaining('Date') }]);
    expect(channels.dated_day?.messages.publication?.payload).toEqual({ 'x-fanfare-schema': 'unknown' });
    const validate = payloadValidator(document, 'dated_day', 'publish');
    expect([validate({ at: '2026-11-24T12:00:00Z' }), validate({ at: 'today' })]).toEqual([true, false]);
  });
});

it('needs no second schema where what is sent is what arrives', () => {
  const message = z.strictObject({ text: z.string() });
  const { channels, components } = specOf({ 'chat:{x}': channel({ message, publish: 'user' }) });
  expect(Object.keys(components.schemas)).toEqual(['chat_x']);
  expect(channels.chat_x?.messages.publish?.payload).toEqual(channels.chat_x?.messages.publication?.payload);
});

it('reports unknown schemas to the log unless it is told where to', () => {
  const lines: unknown[] = [];
  const log = { ...silentLogger, warn: (fields: object) => void lines.push(fields) };
  fanfare({ log, channels: { 'x:{y}': channel({ message: z.date() }) } }).spec();
  expect(lines).toEqual([{ what: 'x:{y}: what subscribers get', reason: expect.stringContaining('Date') }]);
});

it.each([
  ['nobody', {}, [], undefined],
  ['everybody', { anonymous: true }, [], true],
  ['whom the application lets', { auth: () => ({ user: null }) }, [undefined], undefined],
  ['everybody, some with tokens', { auth: jwt({ secret: testSecret }), anonymous: true }, ['JWT'], true],
] as const)('says who gets in: %s', (_, options, formats, anonymous) => {
  const { servers, components } = fanfare(options).spec();
  expect(servers.fanfare?.['x-fanfare-anonymous']).toBe(anonymous);
  expect(Object.values(components.securitySchemes).map(({ bearerFormat }) => bearerFormat)).toEqual(formats);
  expect(servers.fanfare?.security ?? []).toHaveLength(formats.length);
});

it.each(['http://example.com', 'example.com', ''])('refuses the address "%s"', (url) => {
  expect(() => fanfare({}).spec({ url })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
});

it('is valid for all rules that a server accepts', () => {
  const who = fc.constantFrom<('nobody' | 'anyone' | 'user' | (() => true))[]>('nobody', 'anyone', 'user', () => true);
  const options: fc.Arbitrary<ChannelOptions> = fc.record(
    {
      message: fc.constantFrom<StandardSchemaV1[]>(z.object({ text: z.string() }), tree, z.date(), z.unknown()),
      subscribe: fc.oneof(who, fc.constant('token' as const)),
      publish: who,
      history: fc.record({ size: fc.integer({ min: 1, max: 100_000 }), ttl: fc.constantFrom('1ms', '24h') }),
      presence: fc.oneof(fc.boolean(), who),
      joinLeave: fc.constantFrom(true, false, 'push' as const),
      userLimited: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const part = fc.constantFrom('chat', 'a.b', 'é', '{x}', '$', '*');
  const patterns = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(':'));
  const valid = patterns.filter((text) => text.split('{').length < 3);
  fc.assert(
    fc.property(fc.dictionary(valid, options, { maxKeys: 5 }), (rules) => {
      const declared = Object.entries(rules).map(([text, one]) => [text, channel(one)]);
      const document = specOf(Object.fromEntries(declared));
      expectValid(JSON.parse(JSON.stringify(document)));
      expect(Object.values(document.channels).map((one) => one['x-fanfare-pattern'])).toEqual(Object.keys(rules));
    }),
    { numRuns: 50 },
  );
});

it('promises what the server keeps: what fits the schema is accepted, and what comes of it fits the other', async () => {
  const message = z.object({
    text: z.string().min(1).max(5),
    size: z.number().default(1),
    kind: z.enum(['a', 'b']).optional(),
    tags: z.array(z.string()).max(2).optional(),
  });
  const declared = { 'x:{y}': channel({ message, publish: 'anyone' }) };
  const document = specOf(declared);
  const isInput = payloadValidator(document, 'x_y', 'publish');
  const isOutput = payloadValidator(document, 'x_y', 'publication');
  const broker = memory()({ clock: systemClock, random: systemRandom, log: silentLogger });
  // safe: as in assembling an application
  const rules = new ChannelRules(declared as unknown as Record<string, ChannelDeclaration>, broker, defaultLimits);
  const [rule] = rules;
  if (rule === undefined) throw new Error('no rule');
  // Mostly good fields, so that many messages are good as a whole and the others are wrong in one place.
  const mostly = (good: fc.Arbitrary<unknown>, bad: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 7, arbitrary: good }, { weight: 1, arbitrary: bad });
  const tag = fc.string();
  const value = fc.record(
    {
      text: mostly(fc.string({ minLength: 1, maxLength: 5 }), fc.constantFrom('', 'abcdef', 1, null)),
      size: mostly(fc.integer(), fc.constantFrom('1', null)),
      kind: mostly(fc.constantFrom('a', 'b'), fc.constantFrom('c', null)),
      tags: mostly(fc.array(tag, { maxLength: 2 }), fc.constantFrom([1], ['a', 'b', 'c'], 'a')),
      more: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  let numAccepted = 0;
  await fc.assert(
    fc.asyncProperty(value, async (data) => {
      const accepted = await Promise.resolve()
        .then(() => acceptMessage(rule, encodeMessage(data)))
        .catch(() => undefined);
      expect(isInput(data), JSON.stringify(data)).toBe(accepted !== undefined);
      if (accepted === undefined) return;
      numAccepted++;
      expect(isOutput(payloadValue(accepted.data)), payloadText(accepted.data)).toBe(true);
    }),
    { numRuns: 300 },
  );
  expect(numAccepted).toBeGreaterThan(20);
  expect(numAccepted).toBeLessThan(280);
});

it('leads from an operation to its schema', () => {
  const document = specOf({ 'chat:{x}': channel({ message: z.object({ text: z.string() }), subscribe: 'user' }) });
  const message = resolve(document, document.operations.receive_chat_x?.messages[0]?.$ref ?? '');
  expect(message).toMatchObject({ payload: { $ref: '#/components/schemas/chat_x' } });
  expect(resolve(document, '#/components/schemas/chat_x')).toMatchObject({ required: ['text'] });
  expect(resolve(document, '#/components/schemas/chat_y')).toBeUndefined();
});
