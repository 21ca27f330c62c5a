/** What a rule has of its option `streams`. */

import type { AnswerContent } from '../../model/answer-part.js';
import { kindOf } from '../../model/expected.js';
import type { AnswerLimits } from '../ports/answer-store.js';
import type { StreamLimits } from '../ports/broker.js';
import { parseDurationMs } from '../time/duration.js';
import type { StreamsOptions } from './channel-options.js';

/** With defaults, and parsed texts. */
export interface StreamTerms {
  readonly content: AnswerContent;
  readonly maxLength: number;
  readonly everyMs: number;
  readonly silenceMs: number;
  readonly cancel: NonNullable<StreamsOptions['cancel']>;
  /** Absent: they go on without readers. */
  readonly aloneMs: number | undefined;
}

export const defaultStreams = {
  size: 100,
  ttl: '24h',
  maxBytes: 262_144,
  every: '150ms',
  interruptAfter: '15s',
} as const;
export const maxStreamsOfChannel = 10_000;
export const minStreamBytes = 1_024;
export const maxEveryMs = 10_000;
const maxSilenceMs = 3_600_000;
const minWaitMs = 1_000;

/** @returns what is wrong, if it is a text */
export function streamTerms(options: StreamsOptions): (StreamTerms & { readonly stream: StreamLimits }) | string {
  const { of: content = 'text', cancel = 'nobody', stopWhenAlone, ...given } = options;
  const { size, ttl, maxBytes, every, interruptAfter } = { ...defaultStreams, ...given };
  if (!Number.isSafeInteger(size) || size < 1 || size > maxStreamsOfChannel) {
    return `streams.size must be a whole number from 1 to ${maxStreamsOfChannel}, got ${kindOf(size)}`;
  }
  if (!Number.isSafeInteger(maxBytes) || maxBytes < minStreamBytes) {
    return `streams.maxBytes must be a whole number of at least ${minStreamBytes}, got ${kindOf(maxBytes)}`;
  }
  const ttlMs = parseDurationMs(ttl);
  if (ttlMs === undefined || ttlMs === 0) return `streams.ttl must be like "5m" or "24h", got ${kindOf(ttl)}`;
  const everyMs = parseDurationMs(every);
  if (everyMs === undefined || everyMs > maxEveryMs) {
    return `streams.every must be like "150ms", and "10s" at most, got ${kindOf(every)}`;
  }
  const silenceMs = parseDurationMs(interruptAfter);
  if (silenceMs === undefined || silenceMs < minWaitMs || silenceMs > maxSilenceMs) {
    return `streams.interruptAfter must be like "15s", from "1s" to "1h", got ${kindOf(interruptAfter)}`;
  }
  const aloneMs = stopWhenAlone === undefined ? undefined : parseDurationMs(stopWhenAlone);
  if (stopWhenAlone !== undefined && (aloneMs === undefined || aloneMs < minWaitMs)) {
    return `streams.stopWhenAlone must be like "30s", and "1s" at least, got ${kindOf(stopWhenAlone)}`;
  }
  return { content, maxLength: maxBytes, everyMs, silenceMs, cancel, aloneMs, stream: { size, ttlMs } };
}

/** `undefined`: the channel has no streams. */
export function answerLimits({
  streams,
  stream,
}: {
  readonly streams: StreamTerms | undefined;
  readonly stream: StreamLimits | undefined;
}): AnswerLimits | undefined {
  if (streams === undefined || stream === undefined) return undefined;
  const { maxLength, silenceMs } = streams;
  return { ...stream, maxLength, silenceMs };
}

/** How often subscribers get what was gathered. */
export function rateOf({ everyMs }: Pick<StreamTerms, 'everyMs'>): number {
  return 1_000 / Math.max(1, everyMs);
}

export function isSameStreams(before: StreamTerms | undefined, after: StreamTerms | undefined): boolean {
  const fields = ['content', 'maxLength', 'everyMs', 'silenceMs', 'cancel', 'aloneMs'] as const;
  return fields.every((field) => before?.[field] === after?.[field]);
}
