/** B80: channel names in keys. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChannelName } from '../../model/channel-name.js';
import { Keys } from './keys.js';

const keys = new Keys('p');
const channel = fc
  .string({ unit: fc.constantFrom('{', '}', '%', ':', 'a', '7', 'B', 'once'), minLength: 1, maxLength: 12 })
  .map(parseChannelName)
  .filter((name) => name !== undefined);
const key = fc.string({ unit: fc.constantFrom('{', '}', ':', 'a'), maxLength: 8 });

/** As the Cluster specification says: between the first brace and the next closing one. */
function hashTag(name: string): string {
  const open = name.indexOf('{');
  return name.slice(open + 1, name.indexOf('}', open));
}

test('B80: no two channels, and no two keys of one, ever share a name', () => {
  fc.assert(
    fc.property(channel, channel, key, key, (a, b, keyA, keyB) => {
      const of = (name: typeof a, idempotencyKey: string) => [
        keys.place(name),
        keys.stream(name),
        keys.bus(name),
        ...keys.presence(name),
        ...keys.map(name),
        keys.idempotency(name, idempotencyKey),
      ];
      const names = new Set([...of(a, keyA), ...of(b, keyB)]);
      expect(names.size).toBe(a !== b ? 20 : keyA !== keyB ? 11 : 10);
    }),
  );
});

test('all names of a channel are in one slot', () => {
  fc.assert(
    fc.property(channel, key, (name, idempotencyKey) => {
      const once = keys.idempotency(name, idempotencyKey);
      const all = [keys.place(name), keys.stream(name), keys.bus(name), ...keys.map(name), once];
      const tags = all.map(hashTag);
      expect(new Set(tags).size).toBe(1);
      expect(tags[0]).not.toBe('');
    }),
  );
});

test.each(['', 'a b', '{x}', 'x'.repeat(65)])('B107: %j is no prefix', (prefix) => {
  expect(() => new Keys(prefix)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
});
