/** Base64 with Node's buffer, and with what browsers have. */

import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

async function load(where: 'node' | 'browser') {
  if (where === 'browser') vi.stubGlobal('Buffer', undefined);
  return import('./base64.js');
}

describe.each(['node', 'browser'] as const)('in a %s', (where) => {
  test('bytes come back as they were, in memory of their own', async () => {
    const { toBase64, bytesFromBase64 } = await load(where);
    vi.unstubAllGlobals();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = toBase64(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64'));
        const back = bytesFromBase64(text);
        expect(back).toEqual(bytes);
        expect(back?.buffer.byteLength).toBe(bytes.length);
      }),
    );
    const many = new Uint8Array(100_000).map((_, i) => i);
    expect(bytesFromBase64(toBase64(many))).toEqual(many);
    expect(toBase64(many.subarray(1, 4))).toBe('AQID');
  });

  test.each(['A', 'AA', 'AAA', 'AA=', 'A===', 'AAA-', 'AA_A', 'AB==', ' AAAA', 'AAAA\n', '=', 'AAAA=', 'é'])(
    '%j is refused',
    async (text) => expect((await load(where)).bytesFromBase64(text)).toBeUndefined(),
  );
});
