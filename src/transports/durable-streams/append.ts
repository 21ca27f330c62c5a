/** Decides about one append: whether it is the next, comes again, or is refused, and why. */

import type { OutgoingHttpHeaders } from 'node:http';
import { assertNever } from '../../model/assert-never.js';
import { errorCodes } from '../../model/codes.js';
import type { Position } from '../../model/position.js';
import { conflict, failed, malformed, type StreamAnswer, succeeded } from './answer.js';
import { typeOf } from './content.js';
import { writeOffset } from './offsets.js';
import { judge, withStamp } from './producers.js';
import type { ProducerStamp, WriteRequest } from './stream-request.js';
import type { StreamState } from './stream-state.js';

/** The stream as it becomes, without the data; and what is answered once that is there. */
export interface AppendPlan {
  readonly state: StreamState;
  answer(tail: Position): StreamAnswer;
}

/** @param tail where the stream ends now */
export function planAppend(
  state: StreamState,
  request: WriteRequest,
  isEmpty: boolean,
  tail: Position,
  wallMs: number,
): AppendPlan | StreamAnswer {
  const { producer, closes, seq, contentType } = request;
  if (state.closed !== undefined) return answerClosed(state, request, isEmpty, tail);
  if (!isEmpty) {
    if (contentType === undefined) return malformed('Content-Type is missing');
    if (typeOf(contentType) !== typeOf(state.contentType)) return conflict('the stream has another Content-Type');
  }
  const refused = producer && answerProducer(state, producer, tail);
  if (refused !== undefined) return refused;
  if (seq !== undefined && state.seq !== undefined && !isAfter(seq, state.seq)) {
    return conflict('Stream-Seq is not after the last one');
  }
  return {
    state: {
      ...state,
      usedAtMs: wallMs,
      ...(seq !== undefined && { seq }),
      ...(producer && { producers: withStamp(state.producers, producer, wallMs) }),
      ...(closes && { closed: producer === undefined ? {} : { by: producer } }),
    },
    answer: (end) =>
      succeeded(producer === undefined || isEmpty ? 204 : 200, {
        'Stream-Next-Offset': writeOffset(end),
        ...(closes && { 'Stream-Closed': 'true' }),
        ...(producer && stampHeaders(producer)),
      }),
  };
}

/** In the order of bytes. */
function isAfter(seq: string, last: string): boolean {
  return Buffer.compare(Buffer.from(seq), Buffer.from(last)) > 0;
}

function stampHeaders({ epoch, seq }: Pick<ProducerStamp, 'epoch' | 'seq'>): OutgoingHttpHeaders {
  return { 'Producer-Epoch': String(epoch), 'Producer-Seq': String(seq) };
}

function answerProducer(state: StreamState, producer: ProducerStamp, tail: Position): StreamAnswer | undefined {
  const verdict = judge(state.producers, producer);
  switch (verdict.kind) {
    case 'next':
      return undefined;
    case 'repeated':
      return succeeded(204, {
        'Stream-Next-Offset': writeOffset(tail),
        ...stampHeaders({ epoch: producer.epoch, seq: verdict.seq }),
      });
    case 'fenced':
      return fenced(verdict.epoch);
    case 'gap':
      return conflict('appends of this producer are missing before this one', {
        'Producer-Expected-Seq': String(verdict.expected),
        'Producer-Received-Seq': String(producer.seq),
      });
    case 'wrong-beginning':
      return malformed('a new Producer-Epoch begins with Producer-Seq 0');
    default:
      return assertNever(verdict);
  }
}

function fenced(epoch: number): StreamAnswer {
  return failed(403, errorCodes.permissionDenied, 'a newer instance of this producer has taken over', {
    'Producer-Epoch': String(epoch),
  });
}

function answerClosed(
  { closed, producers }: StreamState,
  { producer, closes }: WriteRequest,
  isEmpty: boolean,
  tail: Position,
): StreamAnswer {
  const headers = { 'Stream-Closed': 'true', 'Stream-Next-Offset': writeOffset(tail) };
  const by = closed?.by;
  if (producer !== undefined) {
    const isSame = by?.id === producer.id && by.epoch === producer.epoch && by.seq === producer.seq;
    if (isSame) return succeeded(204, { ...headers, ...stampHeaders(producer) });
    const verdict = judge(producers, producer);
    if (verdict.kind === 'fenced') return fenced(verdict.epoch);
  }
  return closes && isEmpty ? succeeded(204, headers) : conflict('the stream is closed', headers);
}
