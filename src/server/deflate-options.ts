/** The options of a listener: how it compresses messages, and how long its connections last. */

import { expectKeys, expectWord, kindOf } from '../model/expected.js';
import { FanfareError } from '../model/fanfare-error.js';
import type { ListenerTerms } from '../transports/transport.js';

/** How messages are compressed. */
export interface DeflateOptions {
  /** The shortest message that is compressed, in bytes. Default: 256. 0: all. */
  readonly minBytes?: number;
  /**
   * For clients that can read it, compress with a dictionary instead, made of the names of all channels and of the keys
   * and listed values of their schemas. Whoever connects gets it. Default: `false`.
   */
  readonly dictionary?: boolean;
}

/** The options of a server that the application brings along. */
export interface AttachOptions {
  /**
   * Compress messages on WebSockets whose clients support it (permessage-deflate), each once, however many clients get
   * it; docs/guide/compression.md says what to consider before. Default: `false`.
   */
  readonly deflate?: boolean | DeflateOptions;
  /**
   * For platforms that end every connection after a time, in milliseconds, such as functions that may hold a WebSocket:
   * in the last fifth of it a client is told to connect again (3001), at a moment of its own, and recovers from the broker
   * wherever it comes. At least 1,000. Default: connections last.
   */
  readonly maxConnectionMs?: number;
}

const minConnectionMs = 1_000;
/** Timers fire at once with a longer delay. */
const maxConnectionMs = 2_147_483_647;

/** Shorter messages save less than a packet has in headers, and compressing them takes as long as a long one. */
export const defaultMinBytes = 256;

const deflateKeys: Record<keyof DeflateOptions, true> = { minBytes: true, dictionary: true };

/** @throws FanfareError `ERR_CONFIG` */
export function checkDeflate(deflate: unknown): void {
  if (deflate === undefined || typeof deflate === 'boolean') return;
  if (typeof deflate !== 'object') expectWord('deflate', deflate, [true, false], false);
  expectKeys('deflate', deflate, deflateKeys);
  // safe: its keys are those of DeflateOptions; the value is checked here
  const { minBytes = 0, dictionary } = deflate as Readonly<Record<keyof DeflateOptions, unknown>>;
  expectWord('deflate → dictionary', dictionary, [true, false], false);
  if (Number.isSafeInteger(minBytes) && Number(minBytes) >= 0) return;
  throw new FanfareError('ERR_CONFIG', `deflate → minBytes must be a number of bytes, got ${kindOf(minBytes)}`);
}

/** @throws FanfareError `ERR_CONFIG` */
export function checkMaxConnection(ms: unknown): void {
  if (ms === undefined) return;
  if (Number.isSafeInteger(ms) && Number(ms) >= minConnectionMs && Number(ms) <= maxConnectionMs) return;
  const range = `a whole number of milliseconds from ${minConnectionMs} to ${maxConnectionMs}`;
  throw new FanfareError('ERR_CONFIG', `maxConnectionMs must be ${range}, got ${kindOf(ms)}`);
}

export function termsOf({ deflate = false, maxConnectionMs }: AttachOptions): ListenerTerms {
  const lasting = maxConnectionMs === undefined ? {} : { maxConnectionMs };
  if (deflate === false) return lasting;
  const { minBytes = defaultMinBytes, dictionary = false } = deflate === true ? {} : deflate;
  return { deflateMinBytes: minBytes, dictionary, ...lasting };
}
