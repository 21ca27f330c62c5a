import { expect, it } from 'vitest';
import type { HttpRequest } from '../endpoint.js';
import { requireNoQuery, requireSameOrigin } from './same-origin.js';

function request(headers: HttpRequest['headers'], query = ''): HttpRequest {
  return { peer: '', headers, path: '/console/', query, readBody: async () => new Uint8Array() };
}

it.each([
  { host: 'a.example', origin: 'https://a.example' },
  { host: 'a.example:8000', origin: 'http://a.example:8000' },
  { host: 'A.example:443', origin: 'https://a.example' },
  { host: '[::1]:8000', origin: 'http://[::1]:8000', 'sec-fetch-site': 'same-origin' },
])('%o is of the same origin', (headers) => expect(() => requireSameOrigin(request(headers))).not.toThrow());

it.each([
  {},
  { host: 'a.example' },
  { origin: 'https://a.example' },
  { host: '', origin: 'https://' },
  { host: 'a.example', origin: 'null' },
  { host: 'a.example', origin: 'https://b.example' },
  { host: 'a.example', origin: 'https://a.example:8443' },
  { host: 'a.example', origin: 'https://a.example.evil.example' },
  { host: 'a.example', origin: 'https://a.example', 'sec-fetch-site': 'same-site' },
])('%o is not', (headers) => {
  expect(() => requireSameOrigin(request(headers))).toThrow(
    expect.objectContaining({ facts: expect.objectContaining({ status: 403, code: 103 }) }),
  );
});

it('a query is refused, whatever is in it', () => {
  expect(() => requireNoQuery(request({}))).not.toThrow();
  expect(() => requireNoQuery(request({}, 'a=b'))).toThrow(
    expect.objectContaining({ facts: expect.objectContaining({ status: 400 }) }),
  );
});
