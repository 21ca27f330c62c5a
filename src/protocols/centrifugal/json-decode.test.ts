/** Frames of clients against the golden bytes, their truncations and hostile input. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commandVectors, frameVectors, refusedVectors } from '../../../test/support/documents/protocol-vectors.js';
import { disconnectCodes } from '../../model/codes.js';
import { maxJsonNesting } from '../../model/json-parse.js';
import { maxCommandsPerFrame } from './command-fields.js';
import { decodeJsonFrame } from './json-decode.js';

const kinds = [
  ...['connect', 'subscribe', 'unsubscribe', 'publish', 'presence', 'presenceStats', 'history', 'ping', 'rpc'],
  ...['refresh', 'subRefresh', 'send', 'pong', 'invalid'],
];

function codeOf(frame: string | Uint8Array): number | 'accepted' {
  const decoded = decodeJsonFrame(frame);
  return decoded.ok ? 'accepted' : decoded.disconnect.code;
}

describe('golden commands', () => {
  test('there is one for every kind', () => {
    expect(new Set(commandVectors.map(({ command }) => command.kind))).toEqual(new Set(kinds));
  });

  test.each(commandVectors)('$name', ({ bytes, command }) => {
    const expected = command.kind === 'invalid' ? { ...command, why: expect.stringContaining(command.field) } : command;
    expect(decodeJsonFrame(bytes)).toEqual({ ok: true, commands: [expected] });
  });

  test.each(commandVectors)('$name: every truncation closes with 3501', ({ bytes }) => {
    for (let length = 0; length < bytes.length; length++) expect(codeOf(bytes.slice(0, length))).toBe(3501);
  });

  test.each(frameVectors)('$name', ({ bytes, kinds: expected }) => {
    const decoded = decodeJsonFrame(bytes);
    expect(decoded.ok && decoded.commands.map(({ kind }) => kind)).toEqual(expected);
  });
});

describe('refused frames', () => {
  test.each(refusedVectors)('B39, B42: $name closes with $code', ({ bytes, code }) => {
    expect(codeOf(bytes)).toBe(code);
  });

  test('B56: a binary frame closes with 3506', () => {
    expect(codeOf(new TextEncoder().encode('{"ping":{},"id":1}'))).toBe(disconnectCodes.inappropriateProtocol.code);
  });

  test('B48: one command more than a frame may have closes with 3501', () => {
    const line = '{"ping":{},"id":1}\n';
    expect(codeOf(line.repeat(maxCommandsPerFrame))).toBe('accepted');
    expect(codeOf(line.repeat(maxCommandsPerFrame + 1))).toBe(3501);
    expect(codeOf('\n'.repeat(1_000_000))).toBe(3501);
  });

  test('B44: nesting deeper than the limit closes with 3501, brackets in strings do not count', () => {
    const publish = (data: string) => `{"publish":{"channel":"c","data":${data}},"id":1}`;
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(codeOf(publish(nested(maxJsonNesting - 2)))).toBe('accepted');
    expect(codeOf(publish(nested(maxJsonNesting - 1)))).toBe(3501);
    expect(codeOf(publish(nested(10_000)))).toBe(3501);
    expect(codeOf(publish(`"${'['.repeat(10_000)}\\""`))).toBe('accepted');
  });
});

describe('fields that are not what they should be', () => {
  test.each([
    ['offset beyond 2^53', '{"subscribe":{"channel":"c","recover":true,"offset":9007199254740993},"id":1}'],
    ['negative offset', '{"subscribe":{"channel":"c","recover":true,"offset":-1},"id":1}'],
    ['fractional offset', '{"subscribe":{"channel":"c","recover":true,"offset":1.5},"id":1}'],
    ['offset as text', '{"subscribe":{"channel":"c","recover":true,"offset":"1"},"id":1}'],
    ['infinite offset', '{"subscribe":{"channel":"c","recover":true,"offset":1e999},"id":1}'],
    ['epoch of a megabyte', `{"subscribe":{"channel":"c","recover":true,"epoch":"${'e'.repeat(1_000_000)}"},"id":1}`],
    ['channel that is a number', '{"subscribe":{"channel":1},"id":1}'],
    ['flag that is text', '{"subscribe":{"channel":"c","recover":"yes"},"id":1}'],
    ['lone surrogate in data', '{"publish":{"channel":"c","data":"\\ud800"},"id":1}'],
    ['more subscriptions to recover than a connection has', `{"connect":{"subs":${manySubs(4_097)}},"id":1}`],
  ])('B45, B47, B58: %s fails its command with 107', (_, bytes) => {
    expect(decodeJsonFrame(bytes)).toMatchObject({ ok: true, commands: [{ kind: 'invalid', error: { code: 107 } }] });
  });

  test('null stands for absent, as some encoders write it', () => {
    expect(decodeJsonFrame('{"history":{"channel":"c","since":null,"limit":null},"publish":null,"id":1}')).toEqual({
      ok: true,
      commands: [{ kind: 'history', id: 1, request: { channel: 'c', limit: 0, reverse: false } }],
    });
  });
});

test('no input makes it throw', () => {
  const bytes = fc.oneof(fc.string(), fc.json(), fc.constantFrom(...commandVectors.map((vector) => vector.bytes)));
  const cut = fc.tuple(bytes, fc.nat(), fc.string({ maxLength: 3 })).map(([text, at, junk]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + junk + text.slice(place + junk.length);
  });
  fc.assert(
    fc.property(cut, (frame) => {
      expect(decodeJsonFrame(frame).ok).toBeTypeOf('boolean');
    }),
  );
});

function manySubs(count: number): string {
  return JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${i}`, { recover: true }])));
}

describe('the dictionary of a client', () => {
  test.each([
    ['{"flag":1,"dict":"abc"}', 'abc'],
    ['{"flag":3}', ''],
    ['{"dict":"abc"}', undefined],
    ['{"flag":2,"dict":"abc"}', undefined],
  ])('in %s', (fields, expected) => {
    const decoded = decodeJsonFrame(`{"id":1,"connect":${fields}}`);
    const [command] = decoded.ok ? decoded.commands : [];
    expect(command?.kind === 'connect' && command.request.dictionary).toBe(expected);
  });
});
