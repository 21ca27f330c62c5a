/** Frames of clients against the golden bytes, their truncations and mutations, and hostile input. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  commandVectors,
  protobufCommandVectors,
  protobufRefusedVectors,
} from '../../../test/support/documents/protocol-vectors.js';
import { disconnectCodes } from '../../model/codes.js';
import { maxJsonNesting } from '../../model/json-parse.js';
import { maxCommandsPerFrame } from './command-fields.js';
import { decodeProtobufFrame } from './protobuf-decode.js';
import { ProtobufWriter } from './protobuf-writer.js';

type Write = (writer: ProtobufWriter) => void;

/** A command with the body that `write` writes. */
function command(id: number, field: number, write: Write): Uint8Array {
  const writer = new ProtobufWriter();
  const start = writer.begin();
  writer.uint(1, id);
  const body = writer.open(field);
  write(writer);
  writer.close(body);
  writer.close(start);
  return writer.finish();
}

function rpc(data: string): Uint8Array {
  return command(1, 13, (writer) => writer.text(1, data));
}

function publish(data: Uint8Array): Uint8Array {
  return command(1, 7, (writer) => {
    writer.text(1, 'c');
    writer.bytes(2, data);
  });
}

/** A subscribe from a position. */
function recovering(write: Write): Uint8Array {
  return command(1, 5, (writer) => {
    writer.flag(3, true);
    write(writer);
  });
}

function entry(writer: ProtobufWriter, field: number, key: string, value: Write): void {
  const place = writer.open(field);
  writer.text(1, key);
  value(writer);
  writer.close(place);
}

/** A subscribe whose filter by tags has so many levels. */
function filtered(levels: number): Uint8Array {
  return command(1, 5, (writer) => {
    const places = [writer.open(13)];
    for (let level = 1; level < levels; level++) {
      writer.text(1, 'not');
      places.push(writer.open(6));
    }
    writer.text(2, 'a');
    writer.text(3, 'ex');
    for (const place of places.reverse()) writer.close(place);
  });
}

function codeOf(frame: string | Uint8Array): number | 'accepted' {
  const decoded = decodeProtobufFrame(frame);
  return decoded.ok ? 'accepted' : decoded.disconnect.code;
}

test('B44, B55: a filter by tags may nest as deep as in JSON, and no deeper', () => {
  expect([30, 31, 32, 10_000].map((levels) => codeOf(filtered(levels)))).toEqual(['accepted', 'accepted', 3501, 3501]);
});

describe('golden commands, which the SDK has written', () => {
  test('there is one for every kind', () => {
    const kinds = new Set(commandVectors.map(({ command }) => command.kind));
    expect(new Set(protobufCommandVectors.map(({ command }) => command.kind))).toEqual(kinds);
  });

  test.each(protobufCommandVectors)('$name', ({ bytes, command }) => {
    const expected = command.kind === 'invalid' ? { ...command, why: expect.stringContaining(command.field) } : command;
    expect(decodeProtobufFrame(bytes)).toEqual({ ok: true, commands: [expected] });
  });

  test.each(protobufCommandVectors)('$name: every truncation closes with 3501', ({ bytes }) => {
    for (let length = 0; length < bytes.length; length++) expect(codeOf(bytes.subarray(0, length))).toBe(3501);
  });

  test('B55: every change of one byte is refused with 3501, or is another frame', () => {
    for (const { bytes } of protobufCommandVectors) {
      for (let at = 0; at < bytes.length; at++) {
        for (const byte of [0, 1, 0x7f, 0x80, 0xff, (bytes[at] ?? 0) ^ 1, (bytes[at] ?? 0) ^ 0x80]) {
          const changed = Uint8Array.from(bytes);
          changed[at] = byte;
          expect([3501, 'accepted']).toContain(codeOf(changed));
        }
      }
    }
  });
});

describe('refused frames', () => {
  test.each(protobufRefusedVectors)('B55: $name closes with $code', ({ bytes, code }) => {
    expect(codeOf(bytes)).toBe(code);
  });

  test('a text frame closes with 3506', () => {
    expect(codeOf('{"ping":{},"id":1}')).toBe(disconnectCodes.inappropriateProtocol.code);
  });

  test('B48: one command more than a frame may have closes with 3501', () => {
    const ping = Buffer.from(command(1, 11, () => undefined));
    const pings = (count: number) => Buffer.concat(Array.from({ length: count }, () => ping));
    expect(codeOf(pings(maxCommandsPerFrame))).toBe('accepted');
    expect(codeOf(pings(maxCommandsPerFrame + 1))).toBe(3501);
    expect(codeOf(Buffer.alloc(1_000_000))).toBe(3501);
  });
});

describe('fields', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  test.each([
    ['data that is no JSON', rpc('hello')],
    ['data that is two values', rpc('1 2')],
    ['data with a byte order mark', rpc('\ufeff1')],
    ['data with a lone surrogate', rpc('"\\ud800"')],
    ['data that nests too deeply', rpc(nested(maxJsonNesting + 1))],
    ['data that is not UTF-8', Buffer.from([0x08, 0x08, 1, 0x6a, 4, 0x0a, 2, 0x22, 0xff])],
    ['an offset beyond 2^53', recovering((writer) => writer.uint(7, 2 ** 53))],
    ['an epoch that is too long', recovering((writer) => writer.text(6, 'e'.repeat(65)))],
    ['too many headers', command(1, 4, manyHeaders(65))],
  ])('B45, B47, B58: %s fails its command with 107', (_, bytes) => {
    expect(decodeProtobufFrame(bytes)).toMatchObject({
      ok: true,
      commands: [{ kind: 'invalid', error: { code: 107 } }],
    });
  });

  test('data is the text that came, with its digits and spaces', () => {
    const data = ' {"n": 12345678901234567890,\n"n":1} ';
    expect(decodeProtobufFrame(rpc(data))).toMatchObject({
      ok: true,
      commands: [{ kind: 'rpc', data: '{"n": 12345678901234567890, "n":1}' }],
    });
  });

  test('what is published are any bytes, in memory of their own, also none', () => {
    const data = Uint8Array.of(0, 0xff, 0x22, 0xc3);
    const frame = publish(data);
    const decoded = decodeProtobufFrame(frame);
    frame.fill(0);
    expect(decoded).toEqual({ ok: true, commands: [{ kind: 'publish', id: 1, channel: 'c', data }] });
    for (const none of [publish(new Uint8Array()), command(1, 7, (writer) => writer.text(1, 'c'))]) {
      expect(decodeProtobufFrame(none)).toMatchObject({ ok: true, commands: [{ data: new Uint8Array() }] });
    }
  });

  test('B55: unknown fields of every wire type are ignored, in commands and requests', () => {
    const unknown = ['80017f', '8101', '00'.repeat(8), '820103616263', '8501', '00'.repeat(4)].join('');
    const request = `0a0163${unknown}`;
    const body = `0801${unknown}42${hexLength(request)}${request}`;
    expect(decodeProtobufFrame(Buffer.from(`${hexLength(body)}${body}`, 'hex'))).toEqual({
      ok: true,
      commands: [{ kind: 'presence', id: 1, channel: 'c' }],
    });
  });

  test('a request that comes in two parts is put together, and the last of two values counts', () => {
    const parts = '0801' + '42030a0161' + '42030a0162';
    expect(decodeProtobufFrame(Buffer.from(`${hexLength(parts)}${parts}`, 'hex'))).toEqual({
      ok: true,
      commands: [{ kind: 'presence', id: 1, channel: 'b' }],
    });
  });

  test('B43: keys that objects have by nature are ordinary ones, and an entry may lack its value', () => {
    const bytes = command(1, 4, (writer) => {
      entry(writer, 6, '__proto__', (inner) => inner.text(2, 'x'));
      entry(writer, 6, 'empty', () => undefined);
      entry(writer, 3, 'constructor', () => undefined);
    });
    const decoded = decodeProtobufFrame(bytes);
    const [connect] = decoded.ok ? decoded.commands : [];
    expect(connect?.kind === 'connect' && [...(connect.request.headers ?? [])]).toEqual([
      ['__proto__', 'x'],
      ['empty', ''],
    ]);
  });

  test('a negative limit is read as it was meant', () => {
    const limit = `38${'ff'.repeat(9)}01`;
    const body = `080152${hexLength(limit)}${limit}`;
    expect(decodeProtobufFrame(Buffer.from(`${hexLength(body)}${body}`, 'hex'))).toMatchObject({
      commands: [{ kind: 'history', request: { limit: -1 } }],
    });
  });
});

test('no input makes it throw', () => {
  const cut = fc
    .tuple(fc.constantFrom(...protobufCommandVectors), fc.nat(), fc.uint8Array({ maxLength: 4 }))
    .map(([{ bytes }, at, junk]) => {
      const place = at % (bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, place), junk, bytes.subarray(place + junk.length)]);
    });
  fc.assert(
    fc.property(fc.oneof(cut, fc.uint8Array({ maxLength: 200 })), (frame) => {
      expect([3501, 'accepted']).toContain(codeOf(frame));
    }),
  );
});

function manyHeaders(count: number): Write {
  return (writer) => {
    for (let n = 0; n < count; n++) entry(writer, 6, `x${n}`, (inner) => inner.text(2, 'x'));
  };
}

/** The length of so many bytes, as a varint of one byte. */
function hexLength(bytes: string): string {
  return (bytes.length / 2).toString(16).padStart(2, '0');
}
