/** What both codecs make of frames that are nearly right, and of data that is unusual. */

import assert from 'node:assert/strict';
import type { Command } from '../../../src/model/command.js';
import { isBytes, type Payload } from '../../../src/model/payload.js';
import type { Publication } from '../../../src/model/publication.js';
import { maxCommandsPerFrame } from '../../../src/protocols/centrifugal/command-fields.js';
import { decodeJsonFrame } from '../../../src/protocols/centrifugal/json-decode.js';
import { centrifugalJson } from '../../../src/protocols/centrifugal/json-protocol.js';
import { decodeProtobufFrame } from '../../../src/protocols/centrifugal/protobuf-decode.js';
import { centrifugalProtobuf } from '../../../src/protocols/centrifugal/protobuf-protocol.js';
import type { Decoded } from '../../../src/protocols/protocol.js';
import { protobufSdk } from '../../support/documents/protobuf-sdk.js';
import {
  commandVectors,
  frameVectors,
  protobufCommandVectors,
  protobufRefusedVectors,
  refusedVectors,
} from '../../support/documents/protocol-vectors.js';
import type { FuzzTarget } from './fuzzing.js';
import { mutatedJson } from './mutate-json.js';
import { mutatedFrame } from './mutate-protobuf.js';
import { mutatedText } from './mutate-text.js';

const maxDetailLength = 80;
/** Golden frames of this length are about limits, which have tests of their own. */
const maxSeedLength = 4_096;

/** What every outcome must be. */
function expectDecoded(decoded: Decoded): readonly Command[] {
  if (!decoded.ok) {
    assert.ok([3501, 3506].includes(decoded.disconnect.code), `code ${decoded.disconnect.code}`);
    // It goes to the log, so it never quotes the input at length.
    assert.ok(decoded.detail.length < maxDetailLength, decoded.detail);
    return [];
  }
  assert.ok(decoded.commands.length > 0 && decoded.commands.length <= maxCommandsPerFrame);
  for (const command of decoded.commands) {
    assert.equal(Object.getPrototypeOf(command), Object.prototype);
    if ('id' in command) assert.ok(Number.isInteger(command.id) && command.id > 0 && command.id <= 0xffff_ffff);
    // It is embedded in what others get: it has to be JSON, and in one line.
    for (const data of dataOf(command)) {
      if (isBytes(data)) continue;
      const text = `${data}`;
      JSON.parse(text);
      assert.ok(!/[\n\r]/.test(text), 'data of several lines');
    }
  }
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  return decoded.commands;
}

function dataOf(command: Command): Payload[] {
  if ('data' in command && command.data !== undefined) return [command.data];
  const request = 'request' in command ? command.request : undefined;
  return request !== undefined && 'data' in request && request.data !== undefined ? [request.data] : [];
}

/** A frame and a ping behind it are what they are alone. */
function expectJoined(alone: readonly Command[], joined: Decoded): void {
  if (alone.length === 0 || alone.length === maxCommandsPerFrame) return;
  assert.ok(joined.ok, 'with a ping behind it it is refused');
  assert.deepEqual(joined.commands, [...alone, { kind: 'ping', id: 7 }]);
}

const jsonCorpus = [...commandVectors, ...frameVectors, ...refusedVectors]
  .map(({ bytes }) => bytes)
  .filter(({ length }) => length <= maxSeedLength);

export const jsonFrames: FuzzTarget<string> = {
  name: 'frames in JSON',
  about:
    'decoded, or refused with 3501 and a short reason; lines that are accepted are JSON for `JSON.parse` too, and what is forwarded is one line of JSON',
  corpus: jsonCorpus,
  mutate: (random, frame, corpus) =>
    frame
      .split('\n')
      .map((line) => (random.below(3) === 0 ? line : mutatedJson(random, line, corpus)))
      .join(random.below(20) === 0 ? '\r\n' : '\n'),
  attack(frame) {
    const decoded = decodeJsonFrame(frame);
    const commands = expectDecoded(decoded);
    if (decoded.ok) {
      const lines = frame.split('\n').map((line) => line.trim());
      const messages = lines.filter((line) => line !== '').map((line): unknown => JSON.parse(line));
      assert.equal(messages.length, commands.length);
      for (const message of messages) assert.ok(typeof message === 'object' && message !== null);
    }
    expectJoined(commands, decodeJsonFrame(`${frame}\n{"id":7,"ping":{}}`));
  },
};

const pingOf7 = Buffer.from('0408075a00', 'hex');

export const protobufFrames: FuzzTarget<Buffer> = {
  name: 'frames in protobuf',
  about: 'decoded, or refused with 3501 and a short reason; what is forwarded as JSON is one line of JSON',
  corpus: [...protobufCommandVectors, ...protobufRefusedVectors]
    .map(({ bytes }) => Buffer.from(bytes))
    .filter(({ length }) => length <= maxSeedLength),
  mutate: mutatedFrame,
  attack(frame) {
    const before = Buffer.from(frame);
    const commands = expectDecoded(decodeProtobufFrame(frame));
    assert.ok(before.equals(frame), 'the frame was written to');
    expectJoined(commands, decodeProtobufFrame(Buffer.concat([frame, pingOf7])));
  },
};

const values = [
  ...[
    'null',
    'true',
    '0',
    '-0',
    '1e400',
    '9007199254740993',
    '0.1',
    '""',
    '"\\u0000"',
    '"\\u2028"',
    '"é😀"',
    '[]',
    '{}',
  ],
  ...[
    '{"a":{"b":[1,2,{"c":null}]}}',
    '{"__proto__":1,"a":2,"a":3}',
    '[[[[[[[[[[1]]]]]]]]]]',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
  ],
  `"${'x'.repeat(200)}"`,
  `[${Array.from({ length: 50 }, (_, n) => n).join(',')}]`,
];

export const deliveries: FuzzTarget<string> = {
  name: 'data on its way',
  about:
    'what a client may publish reaches others in both codecs as the value that it was, as the SDK reads it, on one line',
  corpus: values,
  mutate: (random, text, corpus) =>
    random.below(3) === 0 ? mutatedText(random, text, corpus) : mutatedJson(random, text, corpus),
  attack(text) {
    // Nothing else comes out of a socket.
    if (Buffer.from(text).toString() !== text) return;
    const decoded = decodeJsonFrame(`{"id":1,"publish":{"channel":"c","data":${text}}}`);
    const [command] = decoded.ok ? decoded.commands : [];
    if (command?.kind !== 'publish' || isBytes(command.data)) return;
    const sent = JSON.parse(`${command.data}`);
    const publication: Publication = { data: command.data, offset: 2 ** 40, tags: { tag: 'é😀' } };
    const push = { kind: 'publication', channel: 'c', publication } as const;
    const line = `${centrifugalJson.encodePush(push)}`;
    assert.ok(!line.includes('\n'), 'more than one line');
    const inJson = JSON.parse(line).push;
    assert.deepEqual([inJson.channel, inJson.pub.data, inJson.pub.tags], ['c', sent, publication.tags]);
    const [reply] = protobufSdk.decodeReplies(Buffer.from(centrifugalProtobuf.encodePush(push)));
    assert.ok(reply !== undefined);
    // safe: what the SDK makes of a push of a publication; anything else fails here
    const { pub } = reply.push as { readonly pub: { readonly data: Uint8Array; readonly tags: object } };
    assert.deepEqual(JSON.parse(Buffer.from(pub.data).toString()), sent);
    assert.deepEqual({ ...pub.tags }, publication.tags);
  },
};
