/** Offers of compression, and the answers to them. */

import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Counters } from '../../engine/ports/counters.js';
import { acceptDeflate, deflateOffers } from './deflate-offer.js';
import { Deflation } from './deflation.js';

const offersOf = (header?: string) => {
  const request = new IncomingMessage(new Socket());
  if (header !== undefined) request.headers['sec-websocket-extensions'] = header;
  return deflateOffers(request) ?? 'invalid';
};
const answerTo = (header: string) => {
  const offers = offersOf(header);
  return offers === 'invalid' ? offers : acceptDeflate(offers);
};

const plain = { server_no_context_takeover: true, client_no_context_takeover: true };

describe('the answer to an offer of compression', () => {
  test.each([
    ['Chromium and ws', 'permessage-deflate; client_max_window_bits', plain],
    ['OkHttp', 'permessage-deflate', plain],
    ['gorilla', 'permessage-deflate; server_no_context_takeover; client_no_context_takeover', plain],
    [
      'an old websockets for Python',
      'permessage-deflate; server_max_window_bits=12; client_max_window_bits=12',
      { ...plain, server_max_window_bits: 12 },
    ],
    [
      'a client that would rather have a window that zlib cannot write for',
      'permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits="9"',
      { ...plain, server_max_window_bits: 9 },
    ],
    ['a client with another extension first', 'x-other; a=1, permessage-deflate', plain],
  ])('of %s', (_, header, answer) => expect(answerTo(header)).toEqual(answer));

  test.each([
    ['there is none', undefined],
    ['the header is empty', ', ,'],
    ['it is for another extension', 'x-webkit-deflate-frame'],
    ['the window is too small for zlib', 'permessage-deflate; server_max_window_bits=8'],
  ])('is none if %s', (_, header) => {
    const offers = offersOf(header);
    expect(offers === 'invalid' || acceptDeflate(offers)).toBe(undefined);
  });

  test.each([
    'permessage-deflate; server_max_window_bits=7',
    'permessage-deflate; server_max_window_bits=16',
    'permessage-deflate; server_max_window_bits',
    'permessage-deflate; server_no_context_takeover=1',
    'permessage-deflate; unheard_of',
    'permessage-deflate; client_max_window_bits=9; client_max_window_bits=9',
    'permessage-deflate; "',
    'permessage-deflate,'.repeat(60),
  ])('B16: is a refusal of %s', (header) => expect(offersOf(header)).toBe('invalid'));
});

describe('clients with different windows', () => {
  const deflation = new Deflation(0, new Counters());
  const formOf = (bits?: number) => deflation.agree([bits === undefined ? {} : { server_max_window_bits: bits }]);

  test('share the encoding of the largest window in use that all of them have', () => {
    const encodings = [undefined, 15, 14, 13, 12, 11, 10, 9].map((bits) => formOf(bits)?.encodings);
    const [whole, middle, small] = [encodings[0], encodings[2], encodings[5]];
    expect(new Set([whole, middle, small]).size).toBe(3);
    expect(encodings.map((one) => [whole, middle, small].indexOf(one))).toEqual([0, 0, 1, 1, 1, 2, 2, 2]);
  });
});
