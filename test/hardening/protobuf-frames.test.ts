/**
 * Bad input B55 over WebSocket: frames in protobuf that are cut, changed or put together wrongly, on connections that are connected.
 * Each ends its own connection as the decoder says, or is another command; the other connections lose nothing.
 */

import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { WebSocket } from 'ws';
import { decodeProtobufFrame } from '../../src/protocols/centrifugal/protobuf-decode.js';
import { linesOfProtobuf, protobufOfLines } from '../support/documents/protobuf-sdk.js';
import { protobufCommandVectors } from '../support/documents/protocol-vectors.js';
import { Oracle } from '../support/hardening/oracle.js';

const oracle = Oracle.ofFile();
const numRuns = 150;
const pingId = 1_048_576;
const connect = protobufOfLines('{"id":1,"connect":{}}');
const ping = protobufOfLines(`{"id":${pingId},"ping":{}}`);

/** Sends it on a connection of its own. @returns the code with which that ends, or `undefined` if it goes on */
async function outcomeOf(frame: Uint8Array): Promise<number | undefined> {
  const socket = new WebSocket(`ws://127.0.0.1:${oracle.port}/connection/websocket`, ['centrifuge-protobuf']);
  const closed = once(socket, 'close').then(([code]) => Number(code));
  const answered = new Promise<undefined>((resolve) => {
    socket.on('message', (message: Buffer) => {
      if (linesOfProtobuf(message).includes(`"id":${pingId}`)) resolve(undefined);
    });
  });
  await once(socket, 'open');
  for (const each of [connect, frame, ping]) socket.send(each);
  const outcome = await Promise.race([closed, answered]);
  socket.terminate();
  await closed;
  return outcome;
}

/** What the frame comes to is what the decoder says of it. */
async function expectOutcome(frame: Uint8Array): Promise<void> {
  const outcome = await outcomeOf(frame);
  const decoded = decodeProtobufFrame(frame);
  if (!decoded.ok) expect(outcome).toBe(decoded.disconnect.code);
  // A second connect, a message for nobody, a token that is none: the connection may end, by a rule of the protocol.
  else expect(outcome ?? 3_500).toBeGreaterThanOrEqual(3_000);
}

const vector = fc.constantFrom(...protobufCommandVectors).map(({ bytes }) => Uint8Array.from(bytes));
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const at = (bytes: Uint8Array, share: number) => Math.floor(share * bytes.length);

describe('frames in protobuf', () => {
  oracle.attack('B55 truncated anywhere → 3501', { atMost: numRuns }, async () => {
    await fc.assert(
      fc.asyncProperty(vector, place, async (bytes, share) => {
        expect(await outcomeOf(bytes.subarray(0, at(bytes, share)))).toBe(3_501);
      }),
      { numRuns },
    );
  });

  oracle.attack(
    'B55 with bytes changed, left out or put in → as the decoder says',
    { atMost: numRuns * 2 },
    async () => {
      const edit = fc.record({ share: place, remove: fc.nat({ max: 3 }), insert: fc.uint8Array({ maxLength: 3 }) });
      await fc.assert(
        fc.asyncProperty(vector, fc.array(edit, { minLength: 1, maxLength: 3 }), async (bytes, edits) => {
          let frame = bytes;
          for (const { share, remove, insert } of edits) {
            const start = at(frame, share);
            frame = Uint8Array.of(...frame.subarray(0, start), ...insert, ...frame.subarray(start + remove));
          }
          await expectOutcome(frame);
        }),
        { numRuns },
      );
    },
  );

  oracle.attack('B55 good commands before the bad one → 3501, and none of them is run', 1, async () => {
    const truncated = ping.subarray(0, -1);
    expect(await outcomeOf(Buffer.concat([protobufOfLines('{"id":2,"ping":{}}'), truncated]))).toBe(3_501);
  });
});
