/** Publications as a command for a Redis server, and its answer. */

import * as v from 'valibot';
import { idempotencyWindowMs, type Published, type Version } from '../../engine/ports/broker.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { redisError } from './failures.js';
import type { Script } from './script.js';

export interface OutgoingPublication {
  /** The pub/sub channel. */
  readonly bus: string;
  readonly text: string;
  /** The stream to which it is appended. Absent: it is only delivered. */
  readonly kept?: KeptPublication;
  /** The Redis key of its idempotency key. */
  readonly onceKey?: string;
}

interface KeptPublication {
  readonly placeKey: string;
  readonly streamKey: string;
  readonly size: number;
  readonly ttlMs: number;
  readonly placeTtlMs: number;
  /** The epoch of the stream, if this publication starts it. */
  readonly newEpoch: string;
  readonly version?: Version;
}

interface Way {
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  send(command: readonly string[]): Promise<unknown>;
}

const delivered: Published = { position: { offset: 0, epoch: '' }, duplicate: false };
const answer = v.array(v.string());

/**
 * Publishes in the given order, as one command; see lua/publish.ts.
 *
 * @param onceTtlMs how long idempotency keys are known
 * @returns the result of each publication
 * @throws FanfareError `ERR_BROKER` if no result is known
 */
export async function publishAll(
  way: Way,
  script: Script,
  publications: readonly OutgoingPublication[],
  onceTtlMs: number = idempotencyWindowMs,
): Promise<readonly (Published | FanfareError)[]> {
  const [first] = publications;
  if (publications.length === 1 && first !== undefined && isPlain(first)) {
    await way.send(['SPUBLISH', first.bus, `p0::${first.text}`]);
    return [delivered];
  }
  const keys: string[] = [];
  const args = [`${onceTtlMs}`];
  for (const publication of publications) addTo(keys, args, publication);
  const texts = v.parse(answer, await way.run(script, keys, args));
  let at = 0;
  const outcomes = publications.map((publication) => {
    if (isPlain(publication) && texts[at] === '') {
      at++;
      return delivered;
    }
    const [offset = '', epoch = '', kind] = texts.slice(at, at + 3);
    at += 3;
    if (kind === undefined) return new FanfareError('ERR_BROKER', 'redis has answered less than it was asked');
    if (kind === 'failed') return redisError(new Error(epoch));
    return { position: { offset: Number(offset), epoch }, duplicate: kind === 'known' };
  });
  // A single publication's error is the command's, which may be a redirection.
  const [only] = outcomes;
  if (outcomes.length === 1 && only instanceof FanfareError) throw only;
  return outcomes;
}

function isPlain({ kept, onceKey }: OutgoingPublication): boolean {
  return kept === undefined && onceKey === undefined;
}

/** In the order of the arguments of lua/publish.ts. */
function addTo(keys: string[], args: string[], { bus, text, kept, onceKey }: OutgoingPublication): void {
  keys.push(bus);
  const version = kept?.version;
  args.push(`${kept ? 'k' : ''}${onceKey === undefined ? '' : 'o'}${version ? 'v' : ''}`, text);
  if (kept !== undefined) {
    keys.push(kept.placeKey, kept.streamKey);
    args.push(`${kept.size}`, `${kept.ttlMs}`, `${kept.placeTtlMs}`, kept.newEpoch);
    if (version !== undefined) args.push(`${version.number}`, version.epoch);
  }
  if (onceKey !== undefined) keys.push(onceKey);
}
