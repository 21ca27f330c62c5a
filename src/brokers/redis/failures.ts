/** What goes wrong with Redis, in the words of the engine, and what the servers of a cluster ask for by errors. */

import { FanfareError } from '../../model/fanfare-error.js';
import { brokerError } from '../broker-error.js';
import type { Endpoint } from '../server-address.js';
import { redisStates } from './states.js';

export type Redirect =
  /** The slot has moved for good, or this command alone has to be asked of another server. */
  | { readonly kind: 'moved' | 'ask'; readonly slot: number; readonly endpoint: Endpoint }
  /** The slot is being moved, and its keys are on two servers. */
  | { readonly kind: 'later' };

/**
 * `ERR_HISTORY_BROKEN` where a key of the channel's is not what it should be: nothing but its removal mends that. Else
 * `ERR_BROKER`.
 */
export function redisError(error: unknown): FanfareError {
  if (error instanceof FanfareError || !isBrokenKey(error)) return brokerError('redis', error, redisStates);
  return new FanfareError('ERR_HISTORY_BROKEN', `redis: a key of the channel is broken: ${error.message}`, {
    cause: error,
  });
}

function isBrokenKey(error: unknown): error is Error {
  if (startsWith(error, 'WRONGTYPE') || startsWith(error, 'BROKEN')) return true;
  // The stream is ahead of its place.
  return error instanceof Error && error.message.includes('smaller than the target stream top item');
}

export function startsWith(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(code);
}

/** It takes no writes: it was a primary once, or is not one yet. Whoever is one now is found by dialling anew. */
export function isNoPrimary(error: unknown): boolean {
  const reply = error instanceof FanfareError ? error.cause : error;
  return ['READONLY', 'MASTERDOWN', 'LOADING'].some((code) => startsWith(reply, code));
}

/** What a server of a cluster asks for instead of running a command. `undefined`: it has failed. */
export function redirectOf(error: unknown): Redirect | undefined {
  const reply = error instanceof FanfareError ? error.cause : error;
  if (!(reply instanceof Error)) return undefined;
  const { message } = reply;
  // The second: a function has come upon a key that was moved away before its eyes; those that can are repeatable.
  if (message.startsWith('TRYAGAIN') || message.includes('access a non local key')) return { kind: 'later' };
  const match = /^(MOVED|ASK) (\d{1,5}) (\S*):(\d{1,5})$/.exec(message);
  if (match === null) return undefined;
  const [, kind, slot, host = '', port] = match;
  return { kind: kind === 'ASK' ? 'ask' : 'moved', slot: Number(slot), endpoint: { host, port: Number(port) } };
}
