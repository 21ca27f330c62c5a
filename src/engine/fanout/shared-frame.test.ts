/** One encoding and one framing for many readers. */

import { describe, expect, test, vi } from 'vitest';
import { plainEncoding } from '../../../test/support/engine/recorded-connection.js';
import { trustedJsonText } from '../../model/json-text.js';
import type { Push } from '../../model/push.js';
import { centrifugalJson } from '../../protocols/centrifugal/json-protocol.js';
import { centrifugalProtobuf } from '../../protocols/centrifugal/protobuf-protocol.js';
import { TagFilters } from '../filters/tag-filters.js';
import type { Encoding } from '../ports/connection.js';
import { DataVersion } from './delta/version.js';
import { PingFrames, SharedFrame } from './shared-frame.js';
import { SharedPush } from './shared-push.js';
import { Variants } from './variant.js';

function publication(offset: number): Push {
  return { kind: 'publication', channel: 'c', publication: { offset, data: trustedJsonText(`${offset}`) } };
}

const plain = { delta: 'off', compact: false } as const;
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

/** Publications that differ little, after one before them; counts the deltas that are made. */
function chain(length: number) {
  const versions = Array.from({ length: length + 1 }, (_, n) => {
    const data = trustedJsonText(JSON.stringify({ title: 'the same in all of them, and long', n }));
    return new DataVersion({ data, offset: n });
  });
  const spies = versions.map((version) => vi.spyOn(version, 'deltaFrom'));
  const frame = new SharedFrame(
    versions.slice(1).map((version, n) => {
      const push = { kind: 'publication', channel: 'c', publication: version.publication } as const;
      return new SharedPush(push, 7, version, versions[n]);
    }),
  );
  const made = () => spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  return { encoding: counted(), frame, made };
}

describe('shared frame', () => {
  test('encodes each push once, joins and frames once, and gives everyone the same bytes', () => {
    const encoding = counted();
    const frame = frameOf(publication(1), publication(2));
    const first = frame.parcelFor({ encoding, joinLeave: false, ...plain })?.bytes;
    for (const joinLeave of [true, false])
      expect(frame.parcelFor({ encoding, joinLeave, ...plain })?.bytes).toBe(first);
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
    const bytes = encodings.map((encoding) => frame.parcelFor({ encoding, joinLeave: true, ...plain })?.bytes);
    for (const round of [0, 1, 2, 1, 0, 0, 2]) {
      const encoding = encodings[round];
      if (encoding !== undefined)
        expect(frame.parcelFor({ encoding, joinLeave: true, ...plain })?.bytes).toBe(bytes[round]);
    }
    expect(encodings.map(({ counts }) => counts.encoded)).toEqual([1, 1, 1]);
    expect(new Set(bytes).size).toBe(3);
  });

  test('joins and leaves are left out for who does not hear them, and what is left is encoded once', () => {
    const encoding = counted();
    const join: Push = { kind: 'join', channel: 'c', info: { user: 'u', client: 'c' } };
    const frame = frameOf(publication(1), join);
    const [whole, publications] = [
      frame.parcelFor({ encoding, joinLeave: true, ...plain })?.bytes,
      frame.parcelFor({ encoding, joinLeave: false, ...plain })?.bytes,
    ];
    const texts = [publication(1), join].map((push) => String(centrifugalJson.encodePush(push)));
    expect([whole, publications].map(String)).toEqual([texts.join('\n'), texts[0]]);
    expect(frame.parcelFor({ encoding, joinLeave: true, ...plain })?.bytes).toBe(whole);
    expect(frame.parcelFor({ encoding, joinLeave: false, ...plain })?.bytes).toBe(publications);
    expect([encoding.counts.encoded, encoding.counts.framed]).toEqual([2, 2]);
    expect(frameOf(join).parcelFor({ encoding, joinLeave: false, ...plain })).toBeUndefined();
  });

  test('each form of a push is encoded once, and each variant framed once, however they alternate', () => {
    const { encoding, frame, made } = chain(3);
    const variants = new Variants();
    const forms = [
      { delta: 'off', compact: false, hasBase: false },
      { delta: 'off', compact: true, hasBase: false },
      { delta: 'on', compact: false, hasBase: true },
      { delta: 'on', compact: false, hasBase: false },
      { delta: 'on', compact: true, hasBase: true },
      { delta: 'whole', compact: false, hasBase: false },
    ] as const;
    const bytes = [0, 1].flatMap(() =>
      forms.map(
        ({ hasBase, ...terms }) =>
          frame.parcelFor(variants.of(encoding, { joinLeave: true, ...terms }), hasBase)?.bytes,
      ),
    );
    expect(bytes.slice(forms.length)).toEqual(bytes.slice(0, forms.length));
    expect(new Set(bytes).size).toBe(forms.length);
    // Of three publications: as they are with name and number, deltas with name and number, whole with a name. Who has no
    // base shares all but the first with who has one, and the first with who gets everything whole.
    expect(encoding.counts).toMatchObject({ encoded: 5 * 3, framed: forms.length });
    expect(made()).toBe(3);
  });

  test('a delta is made once for all protocols, and not at all if nobody has the base', () => {
    const { encoding, frame, made } = chain(1);
    const variants = new Variants();
    const other = { ...counted(), protocol: centrifugalProtobuf };
    const of = (one: Encoding) => variants.of(one, { joinLeave: true, delta: 'on', compact: false });
    for (const one of [encoding, other]) frame.parcelFor(of(one), false);
    expect(made()).toBe(0);
    for (const one of [encoding, other]) frame.parcelFor(of(one), true);
    expect(made()).toBe(1);
  });

  test('a protocol with a state of its own encodes everything that its connection writes', () => {
    const { counts, ...encoding } = counted(true);
    const frame = frameOf(publication(1));
    const pings = new PingFrames();
    for (let i = 0; i < 2; i++) frame.parcelFor({ encoding, joinLeave: true, ...plain })?.bytes;
    for (let i = 0; i < 2; i++) pings.bytesFor(encoding);
    expect(counts).toEqual({ encoded: 2, joined: 0, framed: 4 });
  });

  test('does nothing until somebody wants the bytes', () => {
    const encoding = counted();
    frameOf(publication(1));
    expect(encoding.counts).toEqual({ encoded: 0, joined: 0, framed: 0 });
  });
});

describe('filters', () => {
  const filters = new TagFilters();
  const goals = filters.of({ op: 'test', cmp: 'eq', key: 'kind', val: 'goal' });
  const noCards = filters.of({ op: 'test', cmp: 'neq', key: 'kind', val: 'card' });
  const nothing = filters.of({ op: 'presence', cmp: 'ex', key: 'other' });
  const join: Push = { kind: 'join', channel: 'c', info: { user: 'u', client: 'c' } };
  const of = (offset: number, kind: string): Push => ({
    kind: 'publication',
    channel: 'c',
    publication: { offset, data: trustedJsonText(`${offset}`), tags: { kind } },
  });
  const offsetsIn = (parcel: { readonly bytes: Uint8Array } | undefined) =>
    Buffer.from(parcel?.bytes ?? '')
      .toString()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).push.pub?.offset ?? 'join');

  test('let through what passes, in order, and joins for who hears them', () => {
    const encoding = counted();
    const frame = frameOf(of(1, 'goal'), join, of(2, 'card'), of(3, 'goal'));
    const got = (filter: typeof goals, joinLeave: boolean) =>
      offsetsIn(frame.parcelFor({ encoding, joinLeave, ...plain, filter }));
    expect([got(goals, false), got(goals, true)]).toEqual([
      [1, 3],
      [1, 'join', 3],
    ]);
    expect([got(nothing, false), got(nothing, true)]).toEqual([[], ['join']]);
    expect(frame.parcelFor({ encoding, joinLeave: false, ...plain, filter: nothing })).toBeUndefined();
    expect(
      [goals, nothing].map((filter) => frame.numPublicationsFor({ encoding, joinLeave: true, ...plain, filter })),
    ).toEqual([2, 0]);
    // Nobody gets the card.
    expect(encoding.counts.encoded).toBe(3);
  });

  test('that let the same through share the bytes, also with who has none', () => {
    const encoding = counted();
    const variant = (filter?: typeof goals) => ({ encoding, joinLeave: false, ...plain, filter });
    const some = frameOf(of(1, 'goal'), of(2, 'card'));
    expect(some.parcelFor(variant(noCards))).toBe(some.parcelFor(variant(goals)));
    const all = frameOf(of(1, 'goal'), of(2, 'goal'));
    for (const filter of [goals, noCards]) expect(all.parcelFor(variant(filter))).toBe(all.parcelFor(variant()));
  });

  test('are asked once for each publication, whatever the encodings', () => {
    const passes = vi.spyOn(goals, 'passes');
    const frame = frameOf(of(1, 'goal'), join, of(2, 'card'));
    for (const encoding of [counted(), counted(), counted()]) {
      for (const joinLeave of [true, false]) frame.parcelFor({ encoding, joinLeave, ...plain, filter: goals });
    }
    expect(passes).toHaveBeenCalledTimes(2);
    passes.mockRestore();
  });

  test('tell apart what passes of a long batch', () => {
    const offsets = Array.from({ length: 100 }, (_, i) => i + 1);
    const encoding = counted();
    const frame = frameOf(...offsets.map((offset) => of(offset, offset % 7 === 0 ? 'goal' : 'card')));
    const expected = offsets.filter((offset) => offset % 7 === 0);
    expect(offsetsIn(frame.parcelFor({ encoding, joinLeave: false, ...plain, filter: goals }))).toEqual(expected);
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
