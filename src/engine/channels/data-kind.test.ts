/** Messages that are, or are not, of the kind that their channel has. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxJsonNesting } from '../../model/json-parse.js';
import { trustedJsonText } from '../../model/json-text.js';
import { bytes, isBytesSchema } from './bytes.js';
import { type DataKind, ofKind, sentByClient, WrongKind } from './data-kind.js';

const rule = (data: DataKind) => ({ data, pattern: { text: 'c' } });
const utf8 = (text: string) => new Uint8Array(Buffer.from(text));

describe('a channel of JSON', () => {
  test('takes JSON as it is, and bytes that are JSON as their text', () => {
    const text = trustedJsonText('{"a":1.0}');
    expect(ofKind(rule('json'), text)).toBe(text);
    expect(ofKind(rule('json'), utf8(' {"n": 12345678901234567890,\n"n":1} '))).toBe(
      '{"n": 12345678901234567890, "n":1}',
    );
  });

  test.each([
    ['nothing', new Uint8Array()],
    ['no JSON', utf8('hello')],
    ['two values', utf8('1 2')],
    ['a byte order mark', utf8('\ufeff1')],
    ['a lone surrogate', utf8('"\\ud800"')],
    ['too deep nesting', utf8('['.repeat(maxJsonNesting + 1) + ']'.repeat(maxJsonNesting + 1))],
    ['no UTF-8', Uint8Array.of(0x22, 0xff)],
  ])('B45, B47, B58: refuses %s with 107', (_, data) => {
    expect(() => ofKind(rule('json'), data)).toThrow(
      expect.objectContaining({ code: 'ERR_MESSAGE_INVALID', replyCode: 107 }),
    );
  });
});

describe.each(['bytes', 'base64'] as const)('a channel of %s', (kind) => {
  test('takes any bytes, and no JSON', () => {
    for (const data of [new Uint8Array(), Uint8Array.of(0xff), utf8('{}')]) expect(ofKind(rule(kind), data)).toBe(data);
    expect(() => ofKind(rule(kind), trustedJsonText('"AAAA"'))).toThrow(WrongKind);
  });
});

test('clients that speak JSON send bytes as base64 where the rule says so', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (data) => {
      const text = trustedJsonText(JSON.stringify(Buffer.from(data).toString('base64')));
      expect(sentByClient(rule('base64'), text)).toEqual(data);
      expect(sentByClient(rule('base64'), data)).toBe(data);
      for (const kind of ['json', 'bytes'] as const) expect(sentByClient(rule(kind), text)).toBe(text);
    }),
  );
  for (const text of ['1', 'null', '["AAAA"]', '"AAA"', '"A-_A"', '"AB=="']) {
    expect(() => sentByClient(rule('base64'), trustedJsonText(text))).toThrow(WrongKind);
  }
});

describe('bytes()', () => {
  test('is a Standard Schema of its own', async () => {
    const schema = bytes({ maxBytes: 2 });
    expect(isBytesSchema(schema)).toBe(true);
    const { validate } = schema['~standard'];
    expect(await validate(Uint8Array.of(1, 2))).toEqual({ value: Uint8Array.of(1, 2) });
    expect(await validate(new Uint8Array(3))).toHaveProperty('issues');
    expect(await validate('AAAA')).toHaveProperty('issues');
  });

  test.each([{ maxBytes: 1 }, { maxBytes: 1.5 }, { base64: 'yes' }, { size: 1 }])('%j is refused', (options) => {
    // safe: what the types refuse as well
    expect(() => bytes(options as Parameters<typeof bytes>[0])).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG' }),
    );
  });
});
