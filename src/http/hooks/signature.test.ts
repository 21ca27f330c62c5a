/** What signs a call, against a computation of its own and a value computed elsewhere. */

import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { signatureHeaders } from './signature.js';

const secret = `${'k'.repeat(31)}1`;

test('is the HMAC-SHA256 of time, dot and body, in hex', () => {
  // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk1
  expect(signatureHeaders('{"a":1}', [secret], 1_700_000_000)).toEqual({
    'X-Fanfare-Timestamp': '1700000000',
    'X-Fanfare-Signature': 'v1=eba888c559a7c016b5b282bd19926be432c40b74737f342531273ed5085ba82f',
  });
});

test('covers the bytes of the body, not its characters', () => {
  const digest = createHmac('sha256', secret).update(Buffer.from('5.{"ä":"€"}')).digest('hex');
  expect(signatureHeaders('{"ä":"€"}', [secret], 5)['X-Fanfare-Signature']).toBe(`v1=${digest}`);
});

test('has one signature for each secret, so that either end can rotate first', () => {
  const old = signatureHeaders('{}', ['old'], 1)['X-Fanfare-Signature'];
  const young = signatureHeaders('{}', ['new'], 1)['X-Fanfare-Signature'];
  expect(signatureHeaders('{}', ['new', 'old'], 1)['X-Fanfare-Signature']).toBe(`${young},${old}`);
});

test('is another one for another time, body or secret', () => {
  const all = [
    signatureHeaders('{}', [secret], 1),
    signatureHeaders('{}', [secret], 2),
    signatureHeaders('{ }', [secret], 1),
    signatureHeaders('{}', [`${secret}2`], 1),
  ].map((headers) => headers['X-Fanfare-Signature']);
  expect(new Set(all).size).toBe(all.length);
});

test('without a secret there is none', () => expect(signatureHeaders('{}', [], 1)).toEqual({}));
