/** What a platform says of the requests and sockets that it hands over, where there is no server to attach to. */

import type { Clock } from '../engine/ports/clock.js';
import { expectFunction, expectKeys, kindOf } from '../model/expected.js';
import { FanfareError } from '../model/fanfare-error.js';
import { checkMaxConnection } from './deflate-options.js';

/** When the platform ends what it hands over. */
export interface HandoverOptions {
  /** After so many milliseconds, as the option of `attach`. Default: never. */
  readonly maxConnectionMs?: number;
  /**
   * At that time, asked when a connection is handed over; `undefined`: never. Wins over `maxConnectionMs`. `getDeadline`
   * of `@vercel/functions` is such a function. Default: none.
   */
  readonly endsAt?: () => Date | undefined;
}

export interface FetchOptions extends HandoverOptions {
  /** The address of the peer, for limits, logs and `trustProxies`. Default: empty, unknown. */
  readonly remoteAddress?: string;
}

const handoverKeys: Record<keyof HandoverOptions, true> = { maxConnectionMs: true, endsAt: true };
const fetchKeys: Record<keyof FetchOptions, true> = { ...handoverKeys, remoteAddress: true };

/** @throws FanfareError `ERR_CONFIG` */
export function checkHandover(what: string, options: unknown): void {
  expectKeys(what, options, handoverKeys);
  // safe: its keys are those of HandoverOptions; the values are checked here
  checkEnd(options as Readonly<Record<keyof HandoverOptions, unknown>>);
}

/** @throws FanfareError `ERR_CONFIG` */
export function checkFetch(options: unknown): void {
  expectKeys('fetch(request, options)', options, fetchKeys);
  // safe: its keys are those of FetchOptions; the values are checked here
  const { remoteAddress = '', ...end } = options as Readonly<Record<keyof FetchOptions, unknown>>;
  if (typeof remoteAddress !== 'string') {
    throw new FanfareError('ERR_CONFIG', `remoteAddress must be an address, got ${kindOf(remoteAddress)}`);
  }
  checkEnd(end);
}

/** From now on. `undefined`: never. */
export function endsInMs({ maxConnectionMs, endsAt }: HandoverOptions, clock: Pick<Clock, 'wallMs'>) {
  const at = endsAt?.();
  return at === undefined ? maxConnectionMs : Math.max(0, at.getTime() - clock.wallMs());
}

function checkEnd({ maxConnectionMs, endsAt }: Readonly<Record<keyof HandoverOptions, unknown>>): void {
  checkMaxConnection(maxConnectionMs);
  if (endsAt !== undefined) expectFunction('endsAt', endsAt);
}
