/** Whether an append is the next of its producer, one that comes again, or one of a producer that was replaced. */

import type { ProducerStamp } from './stream-request.js';
import type { StreamState } from './stream-state.js';

/** Of one stream. The one that has not appended for longest is forgotten first. */
const maxProducers = 256;

type Verdict =
  | { readonly kind: 'next' }
  /** `seq`: the highest that was accepted. */
  | { readonly kind: 'repeated'; readonly seq: number }
  | { readonly kind: 'fenced'; readonly epoch: number }
  | { readonly kind: 'gap'; readonly expected: number }
  /** A new epoch has to begin with 0. */
  | { readonly kind: 'wrong-beginning' };

export function judge(producers: StreamState['producers'], { id, epoch, seq }: ProducerStamp): Verdict {
  const known = producers.find((producer) => producer.id === id);
  if (known === undefined) return seq === 0 ? { kind: 'next' } : { kind: 'gap', expected: 0 };
  if (epoch < known.epoch) return { kind: 'fenced', epoch: known.epoch };
  if (epoch > known.epoch) return { kind: seq === 0 ? 'next' : 'wrong-beginning' };
  if (seq <= known.seq) return { kind: 'repeated', seq: known.seq };
  return seq === known.seq + 1 ? { kind: 'next' } : { kind: 'gap', expected: known.seq + 1 };
}

/** With this append as the last of its producer. */
export function withStamp(
  producers: StreamState['producers'],
  stamp: ProducerStamp,
  atMs: number,
): StreamState['producers'] {
  return [...producers.filter(({ id }) => id !== stamp.id), { ...stamp, atMs }].slice(-maxProducers);
}
