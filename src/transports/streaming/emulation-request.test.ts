/** The envelopes of frames, in both codecs; those in protobuf are written by the official SDK. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { protobufSdk } from '../../../test/support/documents/protobuf-sdk.js';
import { decodeEmulation } from './emulation-request.js';

const request = { session: 'sé', node: 'n', data: Uint8Array.of(4, 8, 0, 255, 10) };
const encoded = protobufSdk.encodeEmulationRequest(request);

function decoded(bytes: Uint8Array) {
  const envelope = decodeEmulation(bytes);
  return envelope && { ...envelope, data: Uint8Array.from(Buffer.from(envelope.data)) };
}

test('JSON: three texts, and nothing else', () => {
  const text = { session: 's', node: 'n', data: '{}\n{}' };
  expect(decodeEmulation(JSON.stringify({ ...text, more: 1 }))).toEqual(text);
  for (const field of ['session', 'node', 'data']) {
    expect(decodeEmulation(JSON.stringify({ ...text, [field]: 1 }))).toBeUndefined();
    expect(decodeEmulation(JSON.stringify({ ...text, [field]: undefined }))).toBeUndefined();
  }
});

describe('protobuf', () => {
  test('what the SDK writes is read as it was, whatever the frame', () => {
    const text = fc.string({ minLength: 1, maxLength: 40 });
    const envelope = fc.record({ session: text, node: text, data: fc.uint8Array({ minLength: 1, maxLength: 300 }) });
    fc.assert(
      fc.property(envelope, (one) => {
        expect(decoded(protobufSdk.encodeEmulationRequest(one))).toEqual(one);
      }),
    );
  });

  test('unknown fields are ignored, and the last of two values counts', () => {
    const unknown = Buffer.from('2201782801', 'hex');
    const again = protobufSdk.encodeEmulationRequest({ node: 'other' });
    expect(decoded(Buffer.concat([unknown, encoded, unknown, again]))).toEqual({ ...request, node: 'other' });
  });

  test.each(['session', 'node', 'data'] as const)('none without %s', (field) => {
    const { [field]: _, ...rest } = request;
    expect(decoded(protobufSdk.encodeEmulationRequest(rest))).toBeUndefined();
  });

  test('B55: every truncation is no request', () => {
    for (let length = 0; length < encoded.length; length++)
      expect(decoded(encoded.subarray(0, length))).toBeUndefined();
  });

  test.each([
    ['a session of another wire type', '1001'],
    ['data of another wire type', '1d00000000'],
    ['a length of 4 GiB', '0affffffff0f'],
    ['a varint of eleven bytes', `0a${'ff'.repeat(10)}01`],
    ['a group', '23'],
    ['a field without a number', '0200'],
    ['a node that is not UTF-8', '0a01ff'],
  ])('B55: %s makes it no request', (_, hex) => {
    expect(decoded(Buffer.concat([encoded, Buffer.from(hex, 'hex')]))).toBeUndefined();
  });

  test('B55: no bytes make it throw', () => {
    const changed = fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 4 })).map(([at, junk]) => {
      const place = at % (encoded.length + 1);
      return Buffer.concat([encoded.subarray(0, place), junk, encoded.subarray(place + junk.length)]);
    });
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 100 })), (bytes) => {
        const envelope = decodeEmulation(bytes);
        if (envelope === undefined) return;
        expect(envelope.data.length).toBeGreaterThan(0);
        expect(envelope.data.length).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
