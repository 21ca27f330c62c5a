/** Replies and pushes against the golden bytes, and what the official JavaScript SDK makes of them. */

import { describe, expect, test } from 'vitest';
import { linesOfProtobuf, protobufSdk } from '../../../test/support/documents/protobuf-sdk.js';
import { protobufVectors, pushVectors, replyVectors } from '../../../test/support/documents/protocol-vectors.js';
import { trustedJsonText } from '../../model/json-text.js';
import type { Push } from '../../model/push.js';
import { centrifugalProtobuf } from './protobuf-protocol.js';

const { encodePush, encodeReply, encodePing, join } = centrifugalProtobuf;

function hex(message: string | Uint8Array): string {
  return Buffer.from(message).toString('hex');
}

/** A publication with data of so many bytes. */
function publicationOf(size: number): Push {
  const data = trustedJsonText(JSON.stringify('é'.repeat((size - 2) / 2)));
  return { kind: 'publication', channel: 'c', publication: { data, offset: 2 ** 40 } };
}

describe('golden bytes, which the SDK has written', () => {
  test.each(replyVectors)('reply: $name', ({ name, id, body }) => {
    expect(hex(encodeReply(id, body))).toBe(hex(protobufVectors.replies(name)));
  });

  test.each(pushVectors)('push: $name', ({ name, push }) => {
    expect(hex(encodePush(push))).toBe(hex(protobufVectors.pushes(name)));
  });
});

test('the position of a publication, for who has asked; the SDK reads past it', () => {
  const bytes = encodeReply(3, { kind: 'publish', position: { offset: 8, epoch: 'e1' } });
  expect(hex(bytes)).toBe('0a08034206080812026531');
  expect(protobufSdk.decodeReplies(Buffer.from(bytes))).toMatchObject([{ id: 3 }]);
});

describe('frames', () => {
  test('a ping is a message of length 0', () => {
    expect(hex(encodePing())).toBe('00');
    expect(protobufSdk.decodeReplies(Buffer.from(encodePing()))).toHaveLength(1);
  });

  test('the SDK takes a joined frame apart as it was put together', () => {
    const messages = [
      ...pushVectors.map(({ push }) => encodePush(push)),
      encodePing(),
      encodeReply(7, { kind: 'ping' }),
    ];
    expect(protobufSdk.decodeReplies(Buffer.from(join(messages)))).toHaveLength(messages.length);
  });

  test.each([2, 126, 128, 130, 16_382, 16_384, 16_390, 100_000, 2_097_152])('data of %i bytes arrives', (size) => {
    expect(JSON.parse(linesOfProtobuf(Buffer.from(encodePush(publicationOf(size)))))).toMatchObject({
      push: { channel: 'c', pub: { data: 'é'.repeat((size - 2) / 2), offset: 2 ** 40 } },
    });
  });
});
