/** The options of the NATS broker. */

import { FanfareError } from '../../model/fanfare-error.js';

/** How `nats()` connects and what it keeps. */
export interface NatsOptions {
  /**
   * `nats://user:password@host:4222` or `nats://token@host`; `tls://` requires TLS. Several servers of one cluster:
   * separated by commas, or a list.
   */
  readonly url: string | readonly string[];
  /** File with the credentials (JWT and NKey) of a user, as `nsc` writes it. Default: none. */
  readonly credentialsFile?: string;
  /** Prefix of all subjects and streams; fleets that share an account need different ones. Default: `fanfare`. */
  readonly prefix?: string;
  /** How many servers store each stream: 1, or 3 in a cluster. Applies when the streams are made. Default: 1. */
  readonly replicas?: number;
  /** Where the streams are stored. Applies when they are made. Default: `file`. */
  readonly storage?: 'file' | 'memory';
  /**
   * How long JetStream keeps a publication, and the position of an unused channel, in milliseconds. Raised to the
   * longest time-to-live of a channel. Default: 7 days.
   */
  readonly maxAgeMs?: number;
  /** How long NATS may take to answer before the connection is replaced, in milliseconds. Default: 4,000. */
  readonly timeoutMs?: number;
  /** Calls that may wait for an answer; further ones fail at once. Default: 10,000. */
  readonly maxInFlight?: number;
  /** Characters of publications that may wait for NATS; further ones fail at once. Default: 67,108,864. */
  readonly maxInFlightChars?: number;
}

export type FilledNatsOptions = Required<Omit<NatsOptions, 'credentialsFile'>> & Pick<NatsOptions, 'credentialsFile'>;

/** @throws FanfareError `ERR_CONFIG` */
export function withDefaults(given: NatsOptions['url'] | NatsOptions): FilledNatsOptions {
  const options = typeof given === 'object' && 'url' in given ? given : { url: given };
  const filled = {
    prefix: 'fanfare',
    replicas: 1,
    storage: 'file' as const,
    maxAgeMs: 604_800_000,
    timeoutMs: 4_000,
    maxInFlight: 10_000,
    maxInFlightChars: 67_108_864,
    ...options,
  };
  if (!/^[\w-]{1,64}$/.test(filled.prefix)) {
    throw new FanfareError('ERR_CONFIG', 'nats prefix: write 1 to 64 letters, digits and _ -');
  }
  return filled;
}
