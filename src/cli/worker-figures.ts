/**
 * Metrics of the workers of one server, exchanged through the process that started them: over a shared broker, workers
 * of other servers would answer too.
 */

import type { Worker } from 'node:cluster';
import type { FigurePeers } from '../observe/worker-metrics.js';
import type { PrimaryFigures } from './primary-figures.js';

/** Longest wait for another worker. */
const limitMs = 1_000;

/** Messages: from the worker that asks, to the others, from them, and back to it. */
type FiguresMessage =
  | { readonly kind: 'figures-asked'; readonly question: number; readonly figures: readonly object[] }
  | { readonly kind: 'figures-wanted'; readonly question: number; readonly asker: number }
  | {
      readonly kind: 'figures-given';
      readonly question: number;
      readonly asker: number;
      readonly figures: readonly object[];
    }
  | {
      readonly kind: 'figures';
      readonly question: number;
      /** The number of answers to expect. */
      readonly outOf: number;
      /** Absent in the first message, which the starting process sends. */
      readonly figures?: readonly object[];
    };

interface Question {
  readonly answers: object[][];
  outOf: number;
  finish(): void;
}

/** In a worker. */
export class WorkerFigures implements FigurePeers {
  readonly #questions = new Map<number, Question>();
  #lastQuestion = 0;
  #figures: (() => Promise<object[]>) | undefined;

  constructor() {
    process.on('message', (message: unknown) => {
      if (isFiguresMessage(message)) void this.#take(message);
    });
  }

  serve(figures: () => Promise<object[]>): void {
    this.#figures = figures;
  }

  ask(own: readonly object[]): Promise<object[][]> {
    const question = ++this.#lastQuestion;
    return new Promise((resolve) => {
      const answers: object[][] = [];
      const late = setTimeout(() => finish(), limitMs);
      const finish = () => {
        clearTimeout(late);
        this.#questions.delete(question);
        resolve(answers);
      };
      this.#questions.set(question, { answers, outOf: Number.POSITIVE_INFINITY, finish });
      send({ kind: 'figures-asked', question, figures: own });
    });
  }

  async #take(message: FiguresMessage): Promise<void> {
    if (message.kind === 'figures-wanted') {
      const { question, asker } = message;
      send({ kind: 'figures-given', question, asker, figures: (await this.#figures?.()) ?? [] });
    } else if (message.kind === 'figures') {
      const question = this.#questions.get(message.question);
      if (question === undefined) return;
      question.outOf = message.outOf;
      if (message.figures !== undefined) question.answers.push([...message.figures]);
      if (question.answers.length >= question.outOf) question.finish();
    }
  }
}

/** In the process that started the workers: forwards a worker's message, and answers for itself. */
export function relayFigures(
  from: Worker,
  message: unknown,
  workers: ReadonlySet<Worker>,
  primary: PrimaryFigures,
): void {
  if (!isFiguresMessage(message)) return;
  const others = [...workers].filter((worker) => worker !== from && worker.isConnected());
  const outOf = others.length + 1;
  if (message.kind === 'figures-asked') {
    const { question } = message;
    primary.told(from, message.figures);
    for (const other of others) tell(other, { kind: 'figures-wanted', question, asker: from.id });
    tell(from, { kind: 'figures', question, outOf });
    void primary.own().then((figures) => tell(from, { kind: 'figures', question, outOf, figures }));
  } else if (message.kind === 'figures-given') {
    const { question, asker, figures } = message;
    primary.told(from, figures);
    const to = others.find(({ id }) => id === asker);
    if (to !== undefined) tell(to, { kind: 'figures', question, outOf, figures });
  }
}

function send(message: FiguresMessage): void {
  if (process.connected) process.send?.(message);
}

function tell(worker: Worker, message: FiguresMessage): void {
  if (worker.isConnected()) worker.send(message);
}

function isFiguresMessage(message: unknown): message is FiguresMessage {
  // safe: both ends run this program, and other kinds begin differently
  return (
    typeof message === 'object' && message !== null && 'kind' in message && `${message.kind}`.startsWith('figures')
  );
}
