import { expect, test } from 'vitest';
import { requireRuntime } from './runtime.js';

test.each([
  ['the least Node', { node: '20.19.0' }],
  ['a newer Node', { node: '26.10.0' }],
  ['Deno, whatever Node it claims to be', { node: '18.0.0', deno: '2.9.6' }],
])('%s is fine', (_, versions) => expect(() => requireRuntime(versions)).not.toThrow());

test.each([
  ['an older Node', { node: '20.18.3' }],
  ['Bun, which claims to be a newer Node', { node: '24.3.0', bun: '1.4.5' }],
])('%s is refused with ERR_RUNTIME', (_, versions) => {
  expect(() => requireRuntime(versions)).toThrow(expect.objectContaining({ code: 'ERR_RUNTIME' }));
});
