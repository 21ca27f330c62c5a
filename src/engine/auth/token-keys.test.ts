/** Which tokens a key is tried for. */

import { expect, test } from 'vitest';
import { staticKey } from './token-keys.js';

const key = { hasSigned: () => true };

test.each([
  ['no kid, and no kid', undefined, { alg: 'HS256' }, true],
  ['no kid, and any kid', undefined, { alg: 'HS256', kid: 'a' }, true],
  ['a kid, and no kid', 'a', { alg: 'HS256' }, true],
  ['a kid, and the same kid', 'a', { alg: 'HS256', kid: 'a' }, true],
  ['a kid, and another kid', 'a', { alg: 'HS256', kid: 'b' }, false],
  ['a kid, and an empty kid', 'a', { alg: 'HS256', kid: '' }, false],
  ['another algorithm', undefined, { alg: 'HS384' }, false],
  ['another algorithm, and the same kid', 'a', { alg: 'RS256', kid: 'a' }, false],
  ['no algorithm', undefined, {}, false],
])('%s', async (_, kid, header, isTried) => {
  expect(await staticKey(key, 'HS256', kid).find(header)).toEqual(isTried ? [key] : []);
});
