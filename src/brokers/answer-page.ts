/** A page of the history of a channel with answers: whole answers, by the offsets of their last changes. */

import type { HistoryPage, HistoryQuery } from '../engine/ports/broker.js';
import type { Position } from '../model/position.js';
import { partPublication } from '../model/publication.js';
import { type Answer, wholePart } from './answer-state.js';

/** What is kept of a channel at one moment. */
interface AnswersKept {
  readonly top: Position;
  /** In the order of their last changes. */
  readonly answers: readonly Answer[];
  /** The newest offset of an answer that is forgotten. */
  readonly forgottenUpTo: number;
}

export function answerPage({ top, answers, forgottenUpTo }: AnswersKept, query: HistoryQuery): HistoryPage {
  const { limit, since, reverse } = query;
  if (since?.epoch !== undefined && since.epoch !== top.epoch) return { top, publications: [], continuous: false };
  const all = reverse ? [...answers].reverse() : answers;
  const after = since?.offset ?? (reverse ? top.offset + 1 : 0);
  const found = all.filter(({ offset }) => (reverse ? offset < after : offset > after));
  const continuous =
    since === undefined || (reverse ? after <= top.offset + 1 : after <= top.offset && after >= forgottenUpTo);
  const publications = found.slice(0, limit).map((answer) => partPublication(wholePart(answer), answer.offset));
  return { top, publications, continuous };
}
