/** The words of long polling: what clients ask, and how an answer's body is put together. */

import type { SessionWords } from '../session-directory.js';

/** A new session, and its first frame. */
export interface OpenRequest {
  readonly kind: 'open';
  readonly frame: string;
}

/** All that was received up to a batch; asks for the next one. */
type PollRequest = {
  readonly kind: 'poll';
  readonly ack: number;
};

/** A frame of commands. Frames are numbered from 1, so that one that comes again is known. */
export type SendRequest = {
  readonly kind: 'send';
  readonly id: number;
  readonly frame: string;
};

type CloseRequest = {
  readonly kind: 'close';
};

/** What is asked of a session that there is. */
type InSessionRequest = PollRequest | SendRequest | CloseRequest;

/** By whom it is asked. */
export interface Addressee {
  readonly session: string;
  readonly node: string;
}

/** A request for a session, and what it asks of it. */
export interface SessionRequest {
  readonly kind: 'session';
  readonly addressee: Addressee;
  readonly asked: InSessionRequest;
}

export type ClientRequest = OpenRequest | SessionRequest;

/** `undefined` for everything that is no such request. */
export function decodeRequest(text: string): ClientRequest | undefined {
  const fields = fieldsOf(text);
  if (fields === undefined) return undefined;
  const { session, node, data } = fields;
  if (session === undefined) return typeof data === 'string' && data !== '' ? { kind: 'open', frame: data } : undefined;
  if (typeof session !== 'string' || typeof node !== 'string') return undefined;
  const asked = askedOf(fields);
  return asked && { kind: 'session', addressee: { session, node }, asked };
}

/** Whether a request that came by way of another transport, or of another node, is one of these. */
export function isInSessionRequest(words: SessionWords): words is InSessionRequest {
  if (typeof words === 'string') return false;
  const { kind, ack, id, frame } = words;
  if (kind === 'poll') return isCount(ack);
  return kind === 'close' || (kind === 'send' && isCount(id) && typeof frame === 'string');
}

function askedOf({ ack, id, data, close }: Record<string, unknown>): InSessionRequest | undefined {
  if (close === true) return { kind: 'close' };
  if (isCount(ack)) return { kind: 'poll', ack };
  return isCount(id) && id > 0 && typeof data === 'string' ? { kind: 'send', id, frame: data } : undefined;
}

function fieldsOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // safe: the fields of an object are unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Not JSON: like everything else that is no such request.
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** What the client has to know of a session that was opened for it. */
export interface OpenedSession extends Addressee {
  /** How long a poll without anything to deliver may take. */
  readonly waitMs: number;
  /** How long the session lives without a poll. */
  readonly graceMs: number;
}

/**
 * The frames and behind them, in a line of its own, the number of the batch: an answer that was cut on its way has no
 * such line, however it was cut.
 *
 * @param opened in the first answer
 */
export function encodeAnswer(seq: number, frames: readonly Uint8Array[], opened?: OpenedSession): Uint8Array {
  const trailer = opened === undefined ? `{"seq":${seq}}\n` : `${openingTrailer(seq, opened)}\n`;
  return Buffer.concat([...frames, Buffer.from(trailer)]);
}

function openingTrailer(seq: number, { session, node, waitMs, graceMs }: OpenedSession): string {
  return JSON.stringify({ seq, session, node, wait_ms: waitMs, grace_ms: graceMs });
}
