/** Writes compressed frames (RFC 7692): a message is compressed once for all connections that agreed on the same form. */

import { constants, deflateRawSync } from 'node:zlib';
import type { Framing } from '../../engine/ports/connection.js';
import type { Counters } from '../../engine/ports/counters.js';
import { frameHeader, frameMessage, headerBytes, websocketFraming } from './framing.js';

/** RFC 7692 section 6: marks the message as compressed. */
export const rsv1 = 0x40;

/**
 * Longer messages are sent as they are: compressing them would hold up all connections, and in the background would
 * let later messages overtake. 256 KiB of JSON take about a millisecond.
 */
export const maxDeflatedBytes = 262_144;

/** What every flush ends with, and the receiver adds again (RFC 7692 section 7.2.1). */
const tailBytes = 4;

/** How messages are compressed on a connection. */
export interface DeflateForm {
  /** The receiver's window is 2^windowBits bytes, at least 2^9: zlib can write for no smaller one. */
  readonly windowBits: number;
  /** Shorter messages are sent as they are. */
  readonly minBytes: number;
}

/** What it counts. */
export type DeflateCounts = Pick<Counters, 'deflatedFrames' | 'deflateInBytes' | 'deflateOutBytes'>;

/**
 * Each message is compressed on its own, without the ones before it: only so can connections share the frame. Nothing is
 * kept from one message to the next.
 */
export function deflateFraming({ windowBits, minBytes }: DeflateForm, counts: DeflateCounts): Framing {
  // Level 3 costs what 1 does up to 16 KiB, and compresses better; 6 takes twice to three times as long.
  const options = { level: 3, windowBits, finishFlush: constants.Z_SYNC_FLUSH };
  return {
    ...websocketFraming,
    name: `websocket-deflate-${windowBits}-${minBytes}`,
    shrinks: true,
    frame(message) {
      const plain = frameMessage(message);
      const start = headerBytesOf(plain);
      const inBytes = plain.length - start;
      if (inBytes < minBytes || inBytes > maxDeflatedBytes) return plain;
      const deflated = deflateRawSync(plain.subarray(start), options);
      const outBytes = deflated.length - tailBytes;
      counts.deflatedFrames++;
      counts.deflateInBytes += inBytes;
      counts.deflateOutBytes += Math.min(inBytes, outBytes);
      if (outBytes >= inBytes) return plain;
      const bytes = Buffer.allocUnsafe(headerBytes(outBytes) + outBytes);
      const headerLength = frameHeader(bytes, (plain[0] ?? 0) | rsv1, outBytes);
      deflated.copy(bytes, headerLength, 0, outBytes);
      return bytes;
    },
  };
}

/** Of a frame that {@link frameMessage} has made. */
function headerBytesOf(frame: Buffer): number {
  return frame[1] === 126 ? 4 : frame[1] === 127 ? 10 : 2;
}
