/**
 * Messages from channels whose rules allow it, for dictionaries of compression: a round of them now and then, so that
 * publishing costs nearly nothing and memory is bounded.
 */

import { isBytes, payloadJson } from '../../model/payload.js';
import type { Publication } from '../../model/publication.js';
import type { Clock } from '../ports/clock.js';

export interface MessageSample {
  /** JSON, of at most {@link maxSampleLength} characters. */
  readonly text: string;
  /** Who has published it: a user, or the connection of an anonymous one; absent when the server did. */
  readonly publisher?: string;
}

/** Of one round. */
export const samplesPerRound = 128;
/** Longer messages repeat enough in themselves. */
export const maxSampleLength = 1_024;
/** After the first round, so that a later one is not of one moment. */
const messagesPerSample = 8;
const firstPauseMs = 600_000;
const longestPauseMs = 86_400_000;

export class MessageSamples {
  /** Gets each round. Absent: nothing is kept. */
  onRound: ((samples: readonly MessageSample[]) => void) | undefined;
  #samples: MessageSample[] = [];
  #numRounds = 0;
  #numSeen = 0;
  #nextAtMs = 0;

  constructor(private readonly clock: Pick<Clock, 'nowMs'>) {}

  /** Only of channels whose rule has `dictionarySamples`. */
  take({ data, info }: Publication): void {
    if (this.onRound === undefined || isBytes(data)) return;
    if (this.#numRounds > 0 && this.#numSeen++ % messagesPerSample > 0) return;
    const nowMs = this.clock.nowMs();
    const text = payloadJson(data);
    if (nowMs < this.#nextAtMs || text.length > maxSampleLength) return;
    const publisher = info && (info.user || info.client);
    this.#samples.push({ text, ...(publisher !== undefined && { publisher }) });
    if (this.#samples.length < samplesPerRound) return;
    const samples = this.#samples;
    this.#samples = [];
    this.#nextAtMs = nowMs + Math.min(firstPauseMs * 2 ** this.#numRounds++, longestPauseMs);
    this.onRound(samples);
  }
}
