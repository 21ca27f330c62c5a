/** Reads the body of a request, up to a limit. */

import type { IncomingMessage } from 'node:http';
import { isWhole } from './http2.js';

/** The connection ended before the body was there. */
export class BodyAborted extends Error {
  override readonly name = 'BodyAborted';
}

/**
 * How much of a body that is too large is read and discarded. A peer that is answered while it is sending sees a reset
 * instead of the answer; one that sends even more gets the reset.
 */
const drainBytes = 4_194_304;

/**
 * Resolves with the body, or with `undefined` if it is larger than `maxBytes`. The HTTP server's request time-out
 * limits how long this takes.
 *
 * @throws BodyAborted
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes + drainBytes) {
      resolve(undefined);
      return;
    }
    let chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else chunks = [];
      if (size > maxBytes + drainBytes) settle(() => resolve(undefined));
    };
    const abort = () => reject(new BodyAborted('the connection ended before the body'));
    const onEnd = () => {
      settle(isWhole(request) ? () => resolve(size > maxBytes ? undefined : Buffer.concat(chunks, size)) : abort);
    };
    const onClose = () => settle(abort);
    const settle = (outcome: () => void) => {
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      request.pause();
      outcome();
    };
    request.on('data', onData).on('end', onEnd).on('close', onClose);
    // Always followed by 'close'.
    request.on('error', () => undefined);
  });
}
