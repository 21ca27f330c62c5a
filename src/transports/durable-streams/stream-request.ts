/** Reads requests for streams: the channel, the query, and the headers of the protocol. */

import type { IncomingHttpHeaders } from 'node:http';
import { targetOf } from '../../http/host.js';
import { headersOf } from '../../http/http2.js';
import type { RequestHead } from '../../http/request-head.js';
import { malformed, type StreamAnswer } from './answer.js';
import { parseOffset, type ReadStart } from './offsets.js';

/** The client that appends, the life of it, and the number of its request, by which one that comes again is known. */
export interface ProducerStamp {
  readonly id: string;
  readonly epoch: number;
  readonly seq: number;
}

/** How long a stream lives: so many seconds since it was used last, or until a time. */
export interface StreamLifetime {
  readonly ttlSec?: number;
  /** As it was given, in RFC 3339. */
  readonly expiresAt?: string;
}

export interface WriteRequest {
  /** Absent: none was given. */
  readonly contentType: string | undefined;
  readonly closes: boolean;
  /** `Stream-Seq`: grows from one append to the next, as text. */
  readonly seq: string | undefined;
  readonly producer: ProducerStamp | undefined;
  readonly lifetime: StreamLifetime;
  readonly isFork: boolean;
}

export interface ReadRequest {
  readonly start: ReadStart;
  readonly live: 'long-poll' | 'sse' | undefined;
  readonly cursor: string | undefined;
  readonly etag: string | undefined;
}

const wholeNumber = /^(?:0|[1-9]\d{0,15})$/;
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;
const maxTextLength = 256;
/** Ten years. */
const maxTtlSec = 315_360_000;
const producerHeaders = ['producer-id', 'producer-epoch', 'producer-seq'] as const;

/** The name of the channel behind the path, decoded; `undefined` if it is malformed. */
export function channelIn(head: RequestHead, path: string): string | undefined {
  const [target = ''] = targetOf(head).split('?');
  try {
    return decodeURIComponent(target.slice(path.length + 1));
  } catch {
    return undefined;
  }
}

export function readRequestOf(head: RequestHead): ReadRequest | StreamAnswer {
  const target = targetOf(head);
  const at = target.indexOf('?');
  const query = new URLSearchParams(at === -1 ? '' : target.slice(at + 1));
  if (query.has('token')) return malformed('a token is for the Authorization header');
  const offsets = query.getAll('offset');
  const live = query.get('live') ?? undefined;
  if (live !== undefined && live !== 'long-poll' && live !== 'sse') return malformed('live is long-poll or sse');
  if (offsets.length > 1) return malformed('there is more than one offset');
  if (live !== undefined && offsets.length === 0) return malformed('live needs an offset');
  const start = parseOffset(offsets[0] ?? '-1');
  if (start === undefined) return malformed('offset is none that a server has made');
  const cursor = query.get('cursor') ?? undefined;
  return { start, live, cursor, etag: headerOf(headersOf(head), 'if-none-match') };
}

export function writeRequestOf(head: RequestHead): WriteRequest | StreamAnswer {
  const headers = headersOf(head);
  const lifetime = lifetimeOf(headers);
  if ('status' in lifetime) return lifetime;
  const producer = producerOf(headers);
  if (producer !== undefined && 'status' in producer) return producer;
  const seq = headerOf(headers, 'stream-seq');
  if (seq !== undefined && seq.length > maxTextLength) return malformed('Stream-Seq is too long');
  return {
    contentType: headerOf(headers, 'content-type') || undefined,
    closes: headerOf(headers, 'stream-closed')?.toLowerCase() === 'true',
    seq,
    producer,
    lifetime,
    isFork: Object.keys(headers).some((name) => name.startsWith('stream-fork')),
  };
}

function lifetimeOf(headers: IncomingHttpHeaders): StreamLifetime | StreamAnswer {
  const ttl = headerOf(headers, 'stream-ttl');
  const expiresAt = headerOf(headers, 'stream-expires-at');
  if (ttl !== undefined && expiresAt !== undefined) return malformed('Stream-TTL or Stream-Expires-At, not both');
  if (ttl !== undefined) {
    if (!wholeNumber.test(ttl) || Number(ttl) > maxTtlSec) return malformed('Stream-TTL is no number of seconds');
    return { ttlSec: Number(ttl) };
  }
  if (expiresAt === undefined) return {};
  const isTime = rfc3339.test(expiresAt) && !Number.isNaN(Date.parse(expiresAt));
  return isTime ? { expiresAt } : malformed('Stream-Expires-At is no time of RFC 3339');
}

function producerOf(headers: IncomingHttpHeaders): ProducerStamp | StreamAnswer | undefined {
  const given = producerHeaders.map((name) => headerOf(headers, name));
  if (given.every((value) => value === undefined)) return undefined;
  const [id = '', epoch = '', seq = ''] = given;
  if (given.includes(undefined)) return malformed('Producer-Id, Producer-Epoch and Producer-Seq go together');
  if (id === '' || id.length > maxTextLength) return malformed('Producer-Id has from 1 to 256 characters');
  const [epochNumber, seqNumber] = [wholeIn(epoch), wholeIn(seq)];
  if (epochNumber === undefined || seqNumber === undefined) {
    return malformed('Producer-Epoch and Producer-Seq are whole numbers');
  }
  return { id, epoch: epochNumber, seq: seqNumber };
}

function wholeIn(text: string): number | undefined {
  return wholeNumber.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
