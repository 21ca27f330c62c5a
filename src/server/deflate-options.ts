/** The option by which a listener compresses messages. */

import { expectKeys, expectWord, kindOf } from '../model/expected.js';
import { FanfareError } from '../model/fanfare-error.js';
import type { ListenerTerms } from '../transports/transport.js';

/** How messages are compressed. */
export interface DeflateOptions {
  /** The shortest message that is compressed, in bytes. Default: 256. 0: all. */
  readonly minBytes?: number;
}

/** The options of a server that the application brings along. */
export interface AttachOptions {
  /**
   * Compress messages on WebSockets whose clients support it (permessage-deflate), each once, however many clients get
   * it; docs/guide/compression.md says what to consider before. Default: `false`.
   */
  readonly deflate?: boolean | DeflateOptions;
}

/** Shorter messages save less than a packet has in headers, and compressing them takes as long as a long one. */
export const defaultMinBytes = 256;

const deflateKeys: Record<keyof DeflateOptions, true> = { minBytes: true };

/** @throws FanfareError `ERR_CONFIG` */
export function checkDeflate(deflate: unknown): void {
  if (deflate === undefined || typeof deflate === 'boolean') return;
  if (typeof deflate !== 'object') expectWord('deflate', deflate, [true, false], false);
  expectKeys('deflate', deflate, deflateKeys);
  // safe: its keys are those of DeflateOptions; the value is checked here
  const { minBytes = 0 } = deflate as Readonly<Record<keyof DeflateOptions, unknown>>;
  if (Number.isSafeInteger(minBytes) && Number(minBytes) >= 0) return;
  throw new FanfareError('ERR_CONFIG', `deflate → minBytes must be a number of bytes, got ${kindOf(minBytes)}`);
}

export function termsOf({ deflate = false }: AttachOptions): ListenerTerms {
  if (deflate === false) return {};
  return { deflateMinBytes: (deflate === true ? undefined : deflate.minBytes) ?? defaultMinBytes };
}
