/** The messages of long polling: decodes requests and encodes answers. */

import { fieldsOf } from '../json-fields.js';
import type { SessionWords } from '../session-directory.js';

/** A new session, and its first frame. */
export interface OpenRequest {
  readonly kind: 'open';
  readonly frame: string;
}

/** Acknowledges all batches up to this one, and requests the next. */
type PollRequest = { readonly kind: 'poll'; readonly ack: number };

/** A frame of commands. Frames are numbered from 1, so that repeated ones are recognised. */
export type SendRequest = { readonly kind: 'send'; readonly id: number; readonly frame: string };

type CloseRequest = { readonly kind: 'close' };

/** A request within an existing session. */
type InSessionRequest = PollRequest | SendRequest | CloseRequest;

/** The session that it is for. */
export interface Addressee {
  readonly session: string;
  readonly node: string;
}

/** A request for a session, with the session. */
export interface SessionRequest {
  readonly kind: 'session';
  readonly addressee: Addressee;
  readonly asked: InSessionRequest;
}

export type ClientRequest = OpenRequest | SessionRequest;

/** `undefined` for an invalid request. */
export function decodeRequest(text: string): ClientRequest | undefined {
  const fields = fieldsOf(text);
  if (fields === undefined) return undefined;
  const { session, node, data } = fields;
  if (session === undefined) return typeof data === 'string' && data !== '' ? { kind: 'open', frame: data } : undefined;
  if (typeof session !== 'string' || typeof node !== 'string') return undefined;
  const asked = askedOf(fields);
  return asked && { kind: 'session', addressee: { session, node }, asked };
}

/** Whether a request from another transport or node is one of these. */
export function isInSessionRequest(words: SessionWords): words is InSessionRequest {
  if (typeof words === 'string' || words instanceof Uint8Array) return false;
  const { kind, ack, id, frame } = words;
  if (kind === 'poll') return isCount(ack);
  return kind === 'close' || (kind === 'send' && isCount(id) && typeof frame === 'string');
}

function askedOf({ ack, id, data, close }: Record<string, unknown>): InSessionRequest | undefined {
  if (close === true) return { kind: 'close' };
  if (isCount(ack)) return { kind: 'poll', ack };
  return isCount(id) && id > 0 && typeof data === 'string' ? { kind: 'send', id, frame: data } : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** What the client must know about its new session. */
export interface OpenedSession extends Addressee {
  /** How long a poll without data may wait. */
  readonly waitMs: number;
  /** How long the session lives without a poll. */
  readonly graceMs: number;
}

/**
 * The frames, then a line with the batch number, which is missing if the answer was cut off.
 *
 * @param opened for the first answer of a session
 */
export function encodeAnswer(seq: number, frames: readonly Uint8Array[], opened?: OpenedSession): Uint8Array {
  const trailer = opened === undefined ? `{"seq":${seq}}\n` : `${openingTrailer(seq, opened)}\n`;
  return Buffer.concat([...frames, Buffer.from(trailer)]);
}

function openingTrailer(seq: number, { session, node, waitMs, graceMs }: OpenedSession): string {
  return JSON.stringify({ seq, session, node, wait_ms: waitMs, grace_ms: graceMs });
}
