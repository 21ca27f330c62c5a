/** Replies and pushes against the golden bytes, and what the official JavaScript SDK makes of them. */

import { Centrifuge } from 'centrifuge';
import { describe, expect, test } from 'vitest';
import { pushVectors, replyVectors } from '../../../test/support/documents/protocol-vectors.js';
import type { Push } from '../../model/push.js';
import type { ReplyBody } from '../../model/reply.js';
import { centrifugalJson } from './json-protocol.js';

/** The type checker sees to it that no kind is forgotten. */
const replyKinds: Readonly<Record<ReplyBody['kind'], true>> = {
  error: true,
  connect: true,
  subscribe: true,
  unsubscribe: true,
  publish: true,
  presence: true,
  presenceStats: true,
  history: true,
  ping: true,
  rpc: true,
  refresh: true,
  subRefresh: true,
};
const pushKinds: Readonly<Record<Push['kind'], true>> = {
  publication: true,
  join: true,
  leave: true,
  unsubscribe: true,
  subscribe: true,
  message: true,
  refresh: true,
  disconnect: true,
};

const { encodePush, encodeReply, encodePing, join } = centrifugalJson;

/** The SDK has its codec in a private field. */
function sdkDecode(frame: string | Uint8Array): unknown[] {
  const client = new Centrifuge('ws://127.0.0.1:1', { websocket: class {} });
  // safe: the field is there in 5.8.0, which package.json asks for; otherwise the test fails
  const { _codec: codec } = client as unknown as { _codec: { decodeReplies(data: unknown): unknown[] } };
  return codec.decodeReplies(frame);
}

describe('replies', () => {
  test('there are golden bytes for every kind', () => {
    expect(new Set(replyVectors.map(({ body }) => body.kind))).toEqual(new Set(Object.keys(replyKinds)));
  });

  test.each(replyVectors)('$name', ({ id, body, bytes }) => expect(encodeReply(id, body)).toBe(bytes));
});

describe('pushes', () => {
  test('there are golden bytes for every kind', () => {
    expect(new Set(pushVectors.map(({ push }) => push.kind))).toEqual(new Set(Object.keys(pushKinds)));
  });

  test.each(pushVectors)('$name', ({ push, bytes }) => expect(encodePush(push)).toBe(bytes));
});

test('the position of a publication, for who has asked; the SDK reads past it', () => {
  const bytes = encodeReply(3, { kind: 'publish', position: { offset: 8, epoch: 'e1' } });
  expect(bytes).toBe('{"id":3,"publish":{"offset":8,"epoch":"e1"}}');
  expect(sdkDecode(bytes)).toHaveLength(1);
});

describe('frames', () => {
  test('a ping is an empty object', () => {
    expect(encodePing()).toBe('{}');
    expect(sdkDecode(encodePing())).toEqual([{}]);
  });

  test('no message has a newline of its own, so the SDK takes a joined frame apart as it was put together', () => {
    const vectors = [...replyVectors, ...pushVectors];
    for (const { bytes } of vectors) expect(bytes).not.toContain('\n');
    const decoded = sdkDecode(join(vectors.map(({ bytes }) => bytes)));
    expect(decoded).toEqual(vectors.map(({ bytes }) => JSON.parse(bytes)));
  });

  test('line separators in payloads stay inside their message', () => {
    const data = JSON.stringify('a\u2028b\u2029c\nd\re');
    const push = encodePush({
      kind: 'publication',
      channel: 'c',
      // safe: JSON.stringify has made it
      publication: { data: data as never, offset: 1 },
    });
    expect(sdkDecode(join([push, encodePing()]))).toEqual([
      { push: { channel: 'c', pub: { data: 'a\u2028b\u2029c\nd\re', offset: 1 } } },
      {},
    ]);
  });
});
