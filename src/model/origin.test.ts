import { describe, expect, test } from 'vitest';
import { originFault } from './origin.js';

describe('what may be in a list of origins', () => {
  test.each([
    ...['https://example.com', 'http://localhost:3000', 'http://[::1]:8080', 'https://*.example.com'],
    ...['https://*.example.com:8443', 'http://*.localhost:3000', 'capacitor://localhost', 'ionic://localhost'],
    ...['tauri://localhost', 'app://bundle', 'chrome-extension://abcdefghijklmnopabcdefghijklmnop'],
    ...['moz-extension://0f6ad5b1-4a7d-4b8e-9a7d-2f1f6a1f5d11', 'file://', 'null'],
  ])('%s', (entry) => expect(originFault(entry)).toBeUndefined());

  test.each([
    ...['example.com', 'https://example.com/', 'https://example.com/path', 'https://Example.com'],
    ...['https://example.com:443', 'HTTPS://example.com', 'https://user@example.com', 'https://*'],
    ...['https://*.com', 'https://*.*.example.com', 'https://a*.example.com', 'https://a.*.example.com'],
    ...['capacitor://*', 'capacitor://localhost/', 'null ', ''],
  ])('not %s', (entry) => expect(originFault(entry)).toBeDefined());
});
