/** The client's protobuf against that of the server, in both directions, and against the official SDK's. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { protobufSdk } from '../../../test/support/documents/protobuf-sdk.js';
import {
  commandVectors,
  inProtobuf,
  protobufCommandVectors,
  protobufVectors,
  pushVectors,
  replyVectors,
} from '../../../test/support/documents/protocol-vectors.js';
import { trustedJsonText } from '../../model/json-text.js';
import { decodeJsonFrame } from '../../protocols/centrifugal/json-decode.js';
import { encodeJsonReply } from '../../protocols/centrifugal/json-encode.js';
import { decodeProtobufFrame } from '../../protocols/centrifugal/protobuf-decode.js';
import { encodeProtobufReply } from '../../protocols/centrifugal/protobuf-encode.js';
import { SdkCodec } from './sdk-codec.js';

type Transport = ReturnType<ConstructorParameters<typeof SdkCodec>[1]>;

const jsonLines = {
  encodeCommands: (commands: readonly object[]) => commands.map((command) => JSON.stringify(command)).join('\n'),
  decodeReplies: (frame: string) => frame.split('\n').map((line) => JSON.parse(line)),
  applyDeltaIfNeeded: () => ({}),
};

function codecOver(transport: Transport): SdkCodec {
  const codec = new SdkCodec(jsonLines, () => transport);
  codec.name();
  return codec;
}

const codec = codecOver('websocket');

/** The data of publications is bytes until the channel is known. */
function parsed(value: unknown): unknown {
  if (value instanceof Uint8Array) return JSON.parse(Buffer.from(value).toString());
  if (Array.isArray(value)) return value.map(parsed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, parsed(one)]));
}

/** The commands of a frame in JSON, as they are in protobuf. */
function readInJson(frame: string) {
  const decoded = decodeJsonFrame(frame);
  return decoded.ok ? { ...decoded, commands: decoded.commands.map(inProtobuf) } : decoded;
}

describe('replies that the server writes are read as those in JSON', () => {
  // With deltas, whole data is a string only in JSON. A dictionary is for clients that have asked for one, and the SDK
  // has no place for a rate.
  const isPlain = ({ bytes }: { readonly bytes: string }) => !/"delta":true|"data":"\{|"dict":|"max_rate":/.test(bytes);

  test.each(replyVectors.filter(isPlain))('reply: $name', ({ name, bytes }) => {
    expect(parsed(codec.decodeReplies(protobufVectors.replies(name)))).toEqual([JSON.parse(bytes)]);
  });

  test.each(pushVectors.filter(isPlain))('push: $name', ({ name, bytes }) => {
    expect(parsed(codec.decodeReplies(protobufVectors.pushes(name)))).toEqual([JSON.parse(bytes)]);
  });

  test('a delta is the text that it is in JSON, and whole data is read as without deltas', () => {
    const read = (name: string) => codec.decodeReplies(protobufVectors.pushes(name))[0];
    const [delta, whole] = pushVectors.filter((vector) => !isPlain(vector)).reverse();
    expect(read(delta?.name ?? '')).toEqual(JSON.parse(delta?.bytes ?? ''));
    expect(parsed(read(whole?.name ?? ''))).toEqual({
      push: { channel: 'c', pub: { data: { text: 'ü' }, offset: 12 } },
    });
  });

  test('any data', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const body = { kind: 'rpc', data: trustedJsonText(json) } as const;
        const [frame, line] = [encodeProtobufReply(7, body), encodeJsonReply(7, body)];
        expect(codec.decodeReplies(frame)).toEqual([JSON.parse(line)]);
        // As a WebSocket delivers it.
        expect(codec.decodeReplies(Uint8Array.from(frame).buffer)).toEqual([JSON.parse(line)]);
      }),
    );
  });

  test('names that objects have by nature are only names', () => {
    const publication = { data: trustedJsonText('1'), offset: 1, tags: JSON.parse('{"__proto__":"x","toString":"y"}') };
    const frame = encodeProtobufReply(1, {
      kind: 'history',
      result: { publications: [publication, publication], epoch: 'e', offset: 2 },
    });
    const [reply] = codec.decodeReplies(frame);
    expect(JSON.stringify(reply)).toContain('"tags":{"__proto__":"x","toString":"y"}');
  });
});

describe('commands are read by the server as those in JSON', () => {
  const written = commandVectors.filter(({ name }) => protobufCommandVectors.some((vector) => vector.name === name));

  test.each(written)('$name', ({ bytes }) => {
    const frame = codec.encodeCommands([JSON.parse(bytes)]);
    expect(decodeProtobufFrame(frame)).toEqual(readInJson(bytes));
  });

  test('several in one frame, with any data and numbers', () => {
    const publish = fc.record({ channel: fc.string({ minLength: 1 }), data: fc.jsonValue() });
    const history = fc.record({
      channel: fc.constant('c'),
      limit: fc.integer(),
      since: fc.record({ offset: fc.maxSafeNat(), epoch: fc.string({ maxLength: 64 }) }),
      reverse: fc.boolean(),
    });
    const id = fc.integer({ min: 1, max: 0xffff_ffff });
    const one = fc.oneof(fc.record({ id, publish }), fc.record({ id, history }));
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 5 }), (commands) => {
        expect(decodeProtobufFrame(codec.encodeCommands(commands))).toEqual(
          readInJson(jsonLines.encodeCommands(commands)),
        );
      }),
    );
  });

  test('the envelope of a frame is that of the official SDK', () => {
    const request = { session: 's', node: 'n', data: codec.encodeCommands([{ id: 1, ping: {} }]) };
    expect(Buffer.from(codec.encodeEmulationRequest(request))).toEqual(
      Buffer.from(protobufSdk.encodeEmulationRequest(request)),
    );
  });
});

describe('what is not whole', () => {
  const frame = Buffer.from(protobufVectors.replies(replyVectors[0]?.name ?? ''));

  test('waits for the rest in a stream, and is refused in a frame', () => {
    for (let length = 0; length < frame.length; length++) {
      expect(codec.decodeReply(frame.subarray(0, length))).toEqual({ ok: false });
      if (length > 0) expect(() => codec.decodeReplies(frame.subarray(0, length))).toThrow(RangeError);
    }
    expect(codec.decodeReply(Buffer.concat([frame, frame]))).toEqual({ ok: true, pos: frame.length });
    expect(codec.decodeReply(Buffer.from([0]))).toEqual({ ok: true, pos: 1 });
  });

  test('the page of a proxy is no stream of messages', () => {
    for (const bytes of ['ffffffff7f', 'ff'.repeat(20)]) {
      expect(() => codec.decodeReply(Buffer.from(bytes, 'hex'))).toThrow();
    }
  });

  test('no bytes are read for ever, or beyond their end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          expect(codec.decodeReplies(bytes)).toBeInstanceOf(Array);
        } catch (error) {
          // Not protobuf, not UTF-8, or not JSON.
          expect([RangeError, TypeError, SyntaxError]).toContain((error as Error).constructor);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

test.each<[Transport, 'protobuf' | 'json']>([
  ['websocket', 'protobuf'],
  ['http_stream', 'protobuf'],
  ['sse', 'json'],
  ['sockjs', 'json'],
])('over %s it is %s, until the next attempt', (transport, name) => {
  let next = transport;
  const switched = new SdkCodec(jsonLines, () => next);
  expect(switched.name()).toBe(name);
  next = name === 'protobuf' ? 'sockjs' : 'websocket';
  const command = { id: 1, ping: {} };
  const frame = switched.encodeCommands([command]);
  expect(typeof frame).toBe(name === 'json' ? 'string' : 'object');
  expect(switched.decodeReplies(name === 'json' ? '{"id":1,"ping":{}}' : Buffer.from('0408016200', 'hex'))).toEqual([
    { id: 1, ping: {} },
  ]);
  expect(switched.name()).not.toBe(name);
});
