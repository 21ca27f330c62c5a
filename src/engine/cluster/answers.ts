/** Answers the questions of other nodes, each once, however often it arrives. */

import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Tracer } from '../ports/tracer.js';
import type { ClusterMessage } from './messages.js';

/**
 * Answers questions of one kind. The body is outside data. The result must be JSON; an exception or a rejection is
 * logged, and the asking node is told that there is no answer.
 *
 * @param gone aborted when the asking node no longer waits
 */
export type Responder = (body: unknown, from: string, gone: AbortSignal) => unknown;

/** From its answer on; longer than any node waits before it repeats a question. */
const rememberedMs = 15_000;

/** Most questions that are remembered or being answered; the oldest is forgotten first. */
const maxRemembered = 20_000;

/** Longer answers, in UTF-16 units, are sent once and not kept. */
const maxKeptLength = 4_096;

interface Question {
  readonly gone: AbortController;
  /** When it was asked first, and from its answer on when it was answered. */
  atMs: number;
  answer?: ClusterMessage;
}

export class ClusterAnswers {
  readonly #responders = new Map<string, Responder>();
  /** By asker and id, in the order of their times. */
  readonly #questions = new Map<string, Question>();

  constructor(
    private readonly ports: { readonly clock: Clock; readonly log: Logger; readonly tracer?: Tracer | undefined },
    private readonly reply: (message: ClusterMessage, to: string) => void,
  ) {}

  /** @param about the kind of question */
  serve(about: string, responder: Responder): void {
    this.#responders.set(about, responder);
  }

  async take(ask: Extract<ClusterMessage, { kind: 'ask' }>, from: string): Promise<void> {
    const { id } = ask;
    const key = `${from} ${id}`;
    const known = this.#questions.get(key);
    if (known !== undefined) return this.reply(known.answer ?? { kind: 'working', id }, from);
    this.#forget();
    const question: Question = { gone: new AbortController(), atMs: this.ports.clock.nowMs() };
    this.#questions.set(key, question);
    const answer = await this.#answer(ask, from, question.gone.signal);
    const isAwaited = !question.gone.signal.aborted;
    question.answer = isAwaited && isShort(answer) ? answer : { kind: 'no_answer', id, isUnknown: false };
    question.atMs = this.ports.clock.nowMs();
    if (this.#questions.delete(key)) this.#questions.set(key, question);
    if (isAwaited) this.reply(answer, from);
  }

  /** The asking node no longer waits. */
  abort(id: string, from: string): void {
    this.#questions.get(`${from} ${id}`)?.gone.abort();
  }

  /** That node no longer waits for answers. */
  abortAllOf(from: string): void {
    for (const [key, question] of this.#questions) if (key.startsWith(`${from} `)) question.gone.abort();
  }

  close(): void {
    for (const { gone } of this.#questions.values()) gone.abort();
    this.#questions.clear();
  }

  async #answer(
    { id, about, body, trace }: Extract<ClusterMessage, { kind: 'ask' }>,
    from: string,
    gone: AbortSignal,
  ): Promise<ClusterMessage> {
    const responder = this.#responders.get(about);
    if (responder === undefined) return { kind: 'no_answer', id, isUnknown: true };
    const span =
      trace && this.ports.tracer?.begin({ name: `answer ${about}`, kind: 'server', attributes: {}, from: trace });
    try {
      const answer = span ? await span.during(() => responder(body, from, gone)) : await responder(body, from, gone);
      if (span) span.end();
      return { kind: 'answer', id, body: answer };
    } catch (error) {
      if (span) span.end(error);
      this.ports.log.warn({ err: error, about, node: from }, 'a question of another node could not be answered');
      return { kind: 'no_answer', id, isUnknown: false };
    }
  }

  #forget(): void {
    const oldestMs = this.ports.clock.nowMs() - rememberedMs;
    for (const [key, { atMs, answer }] of this.#questions) {
      const isLapsed = atMs < oldestMs && answer !== undefined;
      if (this.#questions.size < maxRemembered && !isLapsed) {
        if (atMs >= oldestMs) return;
        continue;
      }
      this.#questions.delete(key);
    }
  }
}

function isShort(message: ClusterMessage): boolean {
  return message.kind !== 'answer' || (JSON.stringify(message.body) ?? '').length <= maxKeptLength;
}
