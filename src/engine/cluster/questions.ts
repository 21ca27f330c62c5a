/** Questions to other nodes that are not answered yet. */

import type { Cancel, Clock } from '../ports/clock.js';
import type { ClusterMessage } from './messages.js';

/** A question is repeated after this time, since messages may be lost. */
const repeatMs = 1_000;
/** And this often to a node that works on it, since its answer may have been lost. */
const repeatToWorkingMs = 5_000;

export type Answer =
  | { readonly ok: true; readonly body: unknown }
  /**
   * `gone`: the node has left or died, or the caller no longer waits; `closing`: this node is closing; `late`: no
   * answer in time; `refused`: the node could not answer; `unknown`: its version does not know the question.
   */
  | { readonly ok: false; readonly reason: 'gone' | 'closing' | 'late' | 'refused' | 'unknown' };

export interface AskOptions {
  /** Longest wait for the answers, from now. */
  readonly deadlineMs: number;
  /** Aborted when the caller no longer waits for the answer. */
  readonly gone?: AbortSignal;
  /**
   * A node from which nothing at all is heard for so long, while this one hears itself through the broker, counts as gone for this
   * question. Default: as for everything else, which takes longer.
   */
  readonly goneAfterMs?: number;
  /** It counts even if nobody waits for the answer: it is sent once more when this node leaves. Default: `false`. */
  readonly isOrder?: boolean;
}

interface Question {
  readonly ask: Extract<ClusterMessage, { kind: 'ask' }>;
  /** Nodes that have not answered yet. */
  readonly waitingFor: Set<string>;
  /** Those of them that have received the question. */
  readonly working: Set<string>;
  readonly answers: Map<string, Answer>;
  readonly untilMs: number;
  /** When it was last sent to those that work on it. */
  askedMs: number;
  readonly goneAfterMs: number;
  readonly isOrder: boolean;
  readonly done: (answers: ReadonlyMap<string, Answer>) => void;
}

interface QuestionPorts {
  readonly clock: Clock;
  send(message: ClusterMessage, to?: string): void;
  /** Milliseconds since anything was heard from the node, as far as this one could hear it. */
  silenceOf(node: string): number;
}

export class ClusterQuestions {
  readonly #questions = new Map<string, Question>();
  #timer: Cancel | undefined;

  constructor(private readonly ports: QuestionPorts) {}

  get size(): number {
    return this.#questions.size;
  }

  /**
   * Resolves when each of these nodes has answered, has gone, or has not answered in time.
   *
   * @param isForAll whether to send the question to all nodes, also to those that are not known yet
   */
  ask(
    question: Omit<Extract<ClusterMessage, { kind: 'ask' }>, 'kind'>,
    nodes: readonly string[],
    isForAll: boolean,
    { deadlineMs, gone, goneAfterMs = Number.POSITIVE_INFINITY, isOrder = false }: AskOptions,
  ): Promise<ReadonlyMap<string, Answer>> {
    const ask = { kind: 'ask', ...question } as const;
    if (isForAll) this.ports.send(ask);
    else for (const node of nodes) this.ports.send(ask, node);
    if (nodes.length === 0) return Promise.resolve(new Map());
    return new Promise((resolve) => {
      const stop = () => this.#finish(ask.id, 'gone');
      gone?.addEventListener('abort', stop, { once: true });
      this.#questions.set(ask.id, {
        ask,
        waitingFor: new Set(nodes),
        working: new Set(),
        answers: new Map(),
        untilMs: this.ports.clock.nowMs() + deadlineMs,
        askedMs: this.ports.clock.nowMs(),
        goneAfterMs,
        isOrder,
        done: (answers) => {
          gone?.removeEventListener('abort', stop);
          resolve(answers);
        },
      });
      if (gone?.aborted) stop();
      else this.#tick();
    });
  }

  answered(id: string, from: string, answer: Answer): void {
    const question = this.#questions.get(id);
    if (question === undefined || !question.waitingFor.delete(from)) return;
    question.answers.set(from, answer);
    if (question.waitingFor.size === 0) this.#finish(id, 'gone');
  }

  working(id: string, from: string): void {
    this.#questions.get(id)?.working.add(from);
  }

  /** This node will not answer any more. */
  lost(node: string): void {
    for (const id of [...this.#questions.keys()]) this.answered(id, node, { ok: false, reason: 'gone' });
  }

  close(): void {
    for (const [id, question] of [...this.#questions]) {
      // Nobody else may know of it.
      if (question.isOrder) this.#sendAgain(question);
      this.#finish(id, 'closing');
    }
    this.#timer?.();
    this.#timer = undefined;
  }

  #finish(id: string, reason: 'gone' | 'closing' | 'late'): void {
    const question = this.#questions.get(id);
    if (question === undefined) return;
    this.#questions.delete(id);
    for (const node of question.waitingFor) {
      question.answers.set(node, { ok: false, reason });
      this.ports.send({ kind: 'abort', id }, node);
    }
    question.done(question.answers);
  }

  #tick(): void {
    if (this.#timer !== undefined || this.#questions.size === 0) return;
    const { clock } = this.ports;
    const nowMs = clock.nowMs();
    let waitMs = repeatMs;
    for (const question of this.#questions.values()) waitMs = Math.min(waitMs, this.#dueInMs(question, nowMs));
    this.#timer = clock.schedule(
      () => {
        this.#timer = undefined;
        this.#repeat();
        this.#tick();
      },
      Math.max(1, waitMs),
    );
  }

  /** Until something ends it without an answer. */
  #dueInMs({ untilMs, goneAfterMs, waitingFor }: Question, nowMs: number): number {
    let dueMs = untilMs - nowMs;
    if (goneAfterMs === Number.POSITIVE_INFINITY) return dueMs;
    for (const node of waitingFor) dueMs = Math.min(dueMs, goneAfterMs - this.ports.silenceOf(node));
    return dueMs;
  }

  #repeat(): void {
    const nowMs = this.ports.clock.nowMs();
    /** Asked anything by now, so that they give a sign of life. */
    const asked = new Set<string>();
    for (const [id, question] of [...this.#questions]) {
      if (question.untilMs <= nowMs) this.#finish(id, 'late');
      else if (question.goneAfterMs !== Number.POSITIVE_INFINITY) this.#followUp(id, question, asked);
      else this.#sendAgain(question);
    }
  }

  /** Of a node that may count as gone. */
  #followUp(id: string, question: Question, asked: Set<string>): void {
    const { goneAfterMs, ask, working } = question;
    for (const node of [...question.waitingFor]) {
      const silenceMs = this.ports.silenceOf(node);
      if (silenceMs >= goneAfterMs) this.answered(id, node, { ok: false, reason: 'gone' });
      else if (silenceMs >= repeatMs && working.has(node) && !asked.has(node)) {
        asked.add(node);
        this.ports.send(ask, node);
      }
    }
    if (this.#questions.has(id)) this.#sendAgain(question);
  }

  #sendAgain(question: Question): void {
    const { waitingFor, working, ask } = question;
    const nowMs = this.ports.clock.nowMs();
    const isDue = nowMs - question.askedMs >= repeatToWorkingMs;
    if (isDue) question.askedMs = nowMs;
    for (const node of waitingFor) if (isDue || !working.has(node)) this.ports.send(ask, node);
  }
}
