/** The headers of an answer with a part of a stream, and when caches may keep it (section 10 of the protocol). */

import type { OutgoingHttpHeaders } from 'node:http';
import { type ReadStart, writeOffset } from './offsets.js';
import type { Chunk } from './reader.js';

/** Who may keep an answer, and what it was asked for. */
export interface Reuse {
  readonly start: ReadStart;
  /** The same for everybody who asks. */
  readonly isShared: boolean;
  /** Whoever gets it asks again, from where it ends. */
  readonly isLive: boolean;
}

export function chunkHeaders(chunk: Chunk, reuse: Reuse): OutgoingHttpHeaders {
  const { contentType, next, isUpToDate, isClosed } = chunk;
  return {
    'Content-Type': contentType,
    'Stream-Next-Offset': writeOffset(next),
    ...(isUpToDate && { 'Stream-Up-To-Date': 'true' }),
    ...(isClosed && { 'Stream-Closed': 'true' }),
    ...(reuse.start !== 'now' && { ETag: etagOf(chunk) }),
    'Cache-Control': cacheControl(chunk, reuse),
  };
}

function cacheControl({ payloads, isUpToDate, isClosed }: Chunk, { start, isShared, isLive }: Reuse): string {
  // The end is elsewhere the next time.
  if (start === 'now') return 'no-store';
  // What is not there yet would be missing as long as a cache keeps it.
  if (payloads.length === 0) return 'no-cache, private';
  const forWhom = isShared ? 'public' : 'private';
  // Whoever does not go on would miss what has come since: a cache has to ask whether there is more.
  const isFinal = !isUpToDate || isClosed;
  if (!isFinal && !isLive) return `${forWhom}, no-cache`;
  // A beginning may be dropped or deleted, and another one has other offsets.
  return start === 'beginning' ? `${forWhom}, max-age=5` : `${forWhom}, max-age=60, stale-while-revalidate=300`;
}

/** Data at an offset never changes, so both ends name it. The end of the stream is another answer. */
export function etagOf({ from, next, isClosed }: Pick<Chunk, 'from' | 'next' | 'isClosed'>): string {
  return `"${writeOffset(from)}:${writeOffset(next)}${isClosed ? ':c' : ''}"`;
}

/** RFC 9110, 13.1.2: by weak comparison, one of a list, or any. */
export function isKnown(etag: string, asked: string | undefined): boolean {
  if (asked === undefined) return false;
  return asked.split(',').some((one) => {
    const known = one.trim();
    return known === '*' || known.replace(/^W\//, '') === etag;
  });
}
