/** One encoding and one framing for many readers. */

import { describe, expect, test } from 'vitest';
import { plainEncoding } from '../../../test/support/engine/recorded-connection.js';
import { trustedJsonText } from '../../model/json-text.js';
import type { Push } from '../../model/push.js';
import { centrifugalJson } from '../../protocols/centrifugal/json-protocol.js';
import type { Encoding } from '../ports/connection.js';
import { PingFrames, SharedFrame, SharedPush } from './shared-frame.js';

function publication(offset: number): Push {
  return { kind: 'publication', channel: 'c', publication: { offset, data: trustedJsonText(`${offset}`) } };
}

const frameOf = (...pushes: readonly Push[]) => new SharedFrame(pushes.map((push) => new SharedPush(push)));

/** Counts the calls of each part of an encoding. */
function counted(
  isStateful = false,
): Encoding & { readonly counts: { encoded: number; joined: number; framed: number } } {
  const counts = { encoded: 0, joined: 0, framed: 0 };
  const { framing } = plainEncoding();
  return {
    counts,
    protocol: {
      ...centrifugalJson,
      ...(isStateful && { checkpoint: () => () => undefined }),
      encodePush: (push) => {
        counts.encoded++;
        return centrifugalJson.encodePush(push);
      },
      join: (messages) => {
        counts.joined++;
        return centrifugalJson.join(messages);
      },
    },
    framing: {
      name: 'counted',
      frame: (message) => {
        counts.framed++;
        return framing.frame(message);
      },
    },
  };
}

describe('shared frame', () => {
  test('encodes each push once, joins and frames once, and gives everyone the same bytes', () => {
    const encoding = counted();
    const frame = frameOf(publication(1), publication(2));
    const first = frame.parcelFor({ encoding, joinLeave: false })?.bytes;
    for (const joinLeave of [true, false]) expect(frame.parcelFor({ encoding, joinLeave })?.bytes).toBe(first);
    expect(encoding.counts).toEqual({ encoded: 2, joined: 1, framed: 1 });
    expect(
      Buffer.from(first ?? '')
        .toString()
        .split('\n'),
    ).toEqual([publication(1), publication(2)].map((push) => centrifugalJson.encodePush(push)));
  });

  test('keeps encodings apart however they alternate, each encoded once', () => {
    const encodings = [counted(), counted(), counted()];
    const frame = frameOf(publication(1));
    const bytes = encodings.map((encoding) => frame.parcelFor({ encoding, joinLeave: true })?.bytes);
    for (const round of [0, 1, 2, 1, 0, 0, 2]) {
      const encoding = encodings[round];
      if (encoding !== undefined) expect(frame.parcelFor({ encoding, joinLeave: true })?.bytes).toBe(bytes[round]);
    }
    expect(encodings.map(({ counts }) => counts.encoded)).toEqual([1, 1, 1]);
    expect(new Set(bytes).size).toBe(3);
  });

  test('joins and leaves are left out for who does not hear them, and what is left is encoded once', () => {
    const encoding = counted();
    const join: Push = { kind: 'join', channel: 'c', info: { user: 'u', client: 'c' } };
    const frame = frameOf(publication(1), join);
    const [whole, publications] = [
      frame.parcelFor({ encoding, joinLeave: true })?.bytes,
      frame.parcelFor({ encoding, joinLeave: false })?.bytes,
    ];
    const texts = [publication(1), join].map((push) => String(centrifugalJson.encodePush(push)));
    expect([whole, publications].map(String)).toEqual([texts.join('\n'), texts[0]]);
    expect(frame.parcelFor({ encoding, joinLeave: true })?.bytes).toBe(whole);
    expect(frame.parcelFor({ encoding, joinLeave: false })?.bytes).toBe(publications);
    expect([encoding.counts.encoded, encoding.counts.framed]).toEqual([2, 2]);
    expect(frameOf(join).parcelFor({ encoding, joinLeave: false })).toBeUndefined();
  });

  test('a protocol with a state of its own encodes everything that its connection writes', () => {
    const { counts, ...encoding } = counted(true);
    const frame = frameOf(publication(1));
    const pings = new PingFrames();
    for (let i = 0; i < 2; i++) frame.parcelFor({ encoding, joinLeave: true })?.bytes;
    for (let i = 0; i < 2; i++) pings.bytesFor(encoding);
    expect(counts).toEqual({ encoded: 2, joined: 0, framed: 4 });
  });

  test('does nothing until somebody wants the bytes', () => {
    const encoding = counted();
    frameOf(publication(1));
    expect(encoding.counts).toEqual({ encoded: 0, joined: 0, framed: 0 });
  });
});

test('the ping is framed once per encoding', () => {
  const pings = new PingFrames();
  const [one, other] = [counted(), counted()];
  expect(pings.bytesFor(one)).toBe(pings.bytesFor(one));
  expect(pings.bytesFor(other)).not.toBe(pings.bytesFor(one));
  expect([one.counts.framed, other.counts.framed]).toEqual([1, 1]);
  expect(Buffer.from(pings.bytesFor(one)).toString()).toBe('{}');
});
