/** Messages as stored and sent through a broker, in both directions. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { trustedJsonText } from '../model/json-text.js';
import type { NewPublication } from '../model/publication.js';
import { decodeMessage, decodePublication, encodeAnnouncement, encodePublication } from './bus-message.js';

const json = fc.json().map(trustedJsonText);
const info = fc.record(
  { user: fc.string(), client: fc.string(), connInfo: json, chanInfo: json },
  { requiredKeys: ['user', 'client'] },
);
const tags = fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), fc.string());
const data = fc.oneof(json, fc.uint8Array());
const publication: fc.Arbitrary<NewPublication> = fc.record({ data, info, tags }, { requiredKeys: ['data'] });

test('a publication comes back as it was', () => {
  fc.assert(
    fc.property(publication, (given) => {
      expect(decodePublication(encodePublication(given))).toEqual(given);
    }),
  );
});

test('what a node is told is what a broker passes on', () => {
  fc.assert(
    fc.property(publication, fc.nat(), (given, offset) => {
      const message = decodeMessage(`p${offset}:node.1:${encodePublication(given)}`);
      expect(message).toEqual({ kind: 'publication', publication: { ...given, offset }, epoch: 'node.1' });
    }),
  );
});

test('a change of a map comes back as it was', () => {
  const change = fc.record(
    { data, info, tags, key: fc.oneof(fc.string(), fc.constant('ключ 🎺\u0000')) },
    { requiredKeys: ['data', 'key'] },
  );
  fc.assert(
    fc.property(change, (given) => {
      const removal = { ...given, data: trustedJsonText('null'), removed: true } as const;
      for (const each of [given, removal]) expect(decodePublication(encodePublication(each))).toEqual(each);
    }),
  );
});

test('bytes are a JSON text for a version that does not know them', () => {
  const stored = encodePublication({ data: Uint8Array.of(0, 0xff) });
  expect(stored).toBe('14:{"bytes":true}"AP8="');
  expect(decodePublication('2:{}"AP8="')).toEqual({ data: '"AP8="' });
});

test.each(['14:{"bytes":true}AP8=', '14:{"bytes":true}"A"', '14:{"bytes":true}"AP9="', '13:{"bytes":1}""'])(
  'B39: %j is refused',
  (stored) => expect(() => decodePublication(stored)).toThrow(),
);

test('joins and leaves come back as they were', () => {
  fc.assert(
    fc.property(fc.constantFrom('join', 'leave'), info, (kind, given) => {
      expect(decodeMessage(encodeAnnouncement(kind, given))).toEqual({ kind, info: given });
    }),
  );
});

test.each([
  ...[
    '',
    'x',
    'p',
    'p1',
    'p1:',
    'p1:e',
    'p1:e:',
    'px:e:0:1',
    'p:e:0:1',
    'p-1:e:0:1',
    'p-0:e:0:1',
    'p1e99:e:0:1',
    'p1:e:-1:1',
    'p1:e:9:{}',
    'j',
    'j{}',
    'l[]',
  ],
  'jnull',
])('B39: %j is refused', (text) => expect(() => decodeMessage(text)).toThrow());
