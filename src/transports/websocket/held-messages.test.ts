import { expect, test } from 'vitest';
import { framesOf, maxJoinedBytes } from '../../engine/fanout/joined-frames.js';
import { encodingOf, encodingsWith } from './codecs.js';
import { HeldMessages, heldFraming } from './held-messages.js';

const json = encodingOf('centrifuge-json', encodingsWith(heldFraming));

test('what is written together comes out as messages that are joined up to the usual size', () => {
  const messages = Array.from({ length: 5 }, (_, n) => `${n}${'ä'.repeat(6_000)}`);
  const out = new HeldMessages(true).of(framesOf(json, messages));
  expect(out).toEqual([messages.slice(0, 2).join('\n'), messages.slice(2, 4).join('\n'), messages[4]]);
  for (const message of out) expect(Buffer.byteLength(message)).toBeLessThanOrEqual(maxJoinedBytes);
});

test('bytes come out as they went in', () => {
  const messages = [new Uint8Array([1, 0, 255]), new Uint8Array(), new Uint8Array(300).fill(7)];
  const bytes = Buffer.concat(messages.map((message) => heldFraming.frame(message)));
  expect(new HeldMessages(false).of(bytes).map((message) => [...Buffer.from(message)])).toEqual(
    messages.map((message) => [...message]),
  );
});

test('the same bytes are taken apart once', () => {
  const held = new HeldMessages(true);
  const bytes = heldFraming.frame('{}');
  expect(held.of(bytes)).toBe(held.of(bytes));
  expect(held.of(heldFraming.frame('{}'))).not.toBe(held.of(bytes));
});
