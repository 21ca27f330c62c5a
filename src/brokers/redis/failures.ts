/** Converts Redis' errors to those of the engine, and reads redirections of a cluster. */

import { FanfareError } from '../../model/fanfare-error.js';
import { brokerError } from '../broker-error.js';
import type { Endpoint } from '../server-address.js';
import { redisStates } from './states.js';

export type Redirect =
  /** The slot has moved for good, or only this command has to be sent to another server. */
  | { readonly kind: 'moved' | 'ask'; readonly slot: number; readonly endpoint: Endpoint }
  /** The slot is being moved, and its keys are on two servers. */
  | { readonly kind: 'later' };

/** `ERR_HISTORY_BROKEN` if a key of the channel is corrupt, which only its removal repairs; otherwise `ERR_BROKER`. */
export function redisError(error: unknown): FanfareError {
  if (error instanceof FanfareError || !isBrokenKey(error)) return brokerError('redis', error, redisStates);
  return new FanfareError('ERR_HISTORY_BROKEN', `redis: a key of the channel is broken: ${error.message}`, {
    cause: error,
  });
}

function isBrokenKey(error: unknown): error is Error {
  // What a function throws itself begins with ERR.
  if (['WRONGTYPE', 'BROKEN', 'ERR BROKEN'].some((code) => startsWith(error, code))) return true;
  // The stream is ahead of its position.
  return error instanceof Error && error.message.includes('smaller than the target stream top item');
}

export function startsWith(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(code);
}

/** The server accepts no writes, because it is not, or not yet, the primary. Dialling again finds the primary. */
export function isNoPrimary(error: unknown): boolean {
  const reply = error instanceof FanfareError ? error.cause : error;
  return ['READONLY', 'MASTERDOWN', 'LOADING'].some((code) => startsWith(reply, code));
}

/** The redirection that a server of a cluster answers instead of running a command. `undefined`: another error. */
export function redirectOf(error: unknown): Redirect | undefined {
  const reply = error instanceof FanfareError ? error.cause : error;
  if (!(reply instanceof Error)) return undefined;
  const { message } = reply;
  // The second one: a key was moved away while a function ran; such functions can be repeated.
  if (message.startsWith('TRYAGAIN') || message.includes('access a non local key')) return { kind: 'later' };
  const match = /^(MOVED|ASK) (\d{1,5}) (\S*):(\d{1,5})$/.exec(message);
  if (match === null) return undefined;
  const [, kind, slot, host = '', port] = match;
  return { kind: kind === 'ASK' ? 'ask' : 'moved', slot: Number(slot), endpoint: { host, port: Number(port) } };
}
