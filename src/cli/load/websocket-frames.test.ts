import { expect, test } from 'vitest';
import { FrameReader, frameOf, opcodes } from './websocket-frames.js';

function unmasked(opcode: number, text: string, isFinal = true): Buffer {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from([(isFinal ? 0x80 : 0) | opcode, ...head]), payload]);
}

function reader() {
  const seen: [number, string][] = [];
  return {
    seen,
    frames: new FrameReader((opcode, bytes, from, to) => seen.push([opcode, bytes.toString('utf8', from, to)])),
  };
}

test('messages are found however the bytes are cut', () => {
  const long = 'x'.repeat(300);
  const bytes = Buffer.concat([
    unmasked(opcodes.text, 'one'),
    unmasked(opcodes.text, long),
    unmasked(opcodes.ping, ''),
  ]);
  const expected = [
    [opcodes.text, 'one'],
    [opcodes.text, long],
    [opcodes.ping, ''],
  ];
  const inOne = reader();
  inOne.frames.read(bytes);
  expect(inOne.seen).toEqual(expected);
  const byByte = reader();
  for (const byte of bytes) byByte.frames.read(Buffer.from([byte]));
  expect(byByte.seen).toEqual(expected);
});

test('a message in parts is one, also with a ping between them', () => {
  const { seen, frames } = reader();
  frames.read(unmasked(opcodes.text, 'one ', false));
  frames.read(unmasked(opcodes.ping, 'p'));
  frames.read(unmasked(opcodes.continuation, 'two', true));
  expect(seen).toEqual([
    [opcodes.ping, 'p'],
    [opcodes.text, 'one two'],
  ]);
});

test.each([0, 125, 126, 65_535, 65_536])('a frame of %i bytes says its length and is masked', (length) => {
  const frame = frameOf(opcodes.text, Buffer.alloc(length, 0x61));
  expect((frame[1] ?? 0) & 0x80).toBe(0x80);
  // What a server takes off: the mask, which is zero.
  const headBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const plain = Buffer.concat([frame.subarray(0, headBytes), frame.subarray(headBytes + 4)]);
  plain[1] = (plain[1] ?? 0) & 0x7f;
  const { seen, frames } = reader();
  frames.read(plain);
  expect(seen).toEqual([[opcodes.text, 'a'.repeat(length)]]);
});
