/**
 * Work for channels, in rounds: what comes for a channel during one of its rounds waits, and shares the next one, so that
 * the rate does not depend on the round trips.
 */

import type { Clock, Random } from '../../../engine/ports/clock.js';
import { pause } from '../../../engine/time/pause.js';
import type { ChannelName } from '../../../model/channel-name.js';
import { FanfareError } from '../../../model/fanfare-error.js';

export interface QueueLimits {
  /** Tasks that may wait, in all channels; further ones are refused at once. */
  readonly maxWaiting: number;
  /** The same, in characters. */
  readonly maxWaitingChars: number;
}

export interface RoundWork<Task, Result> {
  /** What the tasks are, for whoever is refused. */
  readonly name: string;
  /** Whether a task may be in a round after this first one. */
  mayFollow(first: Task, next: Task): boolean;
  /**
   * Never called for a channel while a round of it runs. If it rejects, so do all its tasks.
   *
   * @returns the result of each, in order
   */
  run(channel: ChannelName, tasks: readonly Task[]): Promise<readonly Result[]>;
}

interface Waiting<Task, Result> {
  readonly task: Task;
  readonly length: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Size of one round, unless a single task is larger. NATS allows 1 MB by default. */
const maxRoundChars = 131_072;
/** JetStream stores 1,000 messages as one; a change of a map has three at most. */
const maxRound = 256;
/** Longest pause after a lost attempt, in milliseconds. */
const maxBackoffMs = 20;

export class ChannelQueues<Task, Result> {
  /** Of channels with a round in progress. */
  readonly #queues = new Map<ChannelName, Waiting<Task, Result>[]>();
  #numWaiting = 0;
  #charsWaiting = 0;

  constructor(
    private readonly limits: QueueLimits,
    private readonly work: RoundWork<Task, Result>,
  ) {}

  /**
   * Resolves with its result when its round is over.
   *
   * @param length in characters
   * @throws FanfareError `ERR_BROKER` if too many wait; and what its round throws
   */
  add(channel: ChannelName, task: Task, length: number): Promise<Result> {
    const { maxWaiting, maxWaitingChars } = this.limits;
    if (this.#numWaiting >= maxWaiting || this.#charsWaiting + length > maxWaitingChars) {
      return Promise.reject(new FanfareError('ERR_BROKER', `too many ${this.work.name} wait for nats`));
    }
    this.#numWaiting++;
    this.#charsWaiting += length;
    return new Promise<Result>((resolve, reject) => {
      const waiting = { task, length, resolve, reject };
      const queue = this.#queues.get(channel);
      if (queue !== undefined) {
        queue.push(waiting);
        return;
      }
      const fresh = [waiting];
      this.#queues.set(channel, fresh);
      void this.#work(channel, fresh);
    }).finally(() => {
      this.#numWaiting--;
      this.#charsWaiting -= length;
    });
  }

  async #work(channel: ChannelName, queue: Waiting<Task, Result>[]): Promise<void> {
    while (queue.length > 0) {
      const taken = queue.splice(0, this.#numTaken(queue));
      try {
        const results = await this.work.run(
          channel,
          taken.map(({ task }) => task),
        );
        if (results.length !== taken.length) throw new Error('each task of a round has a result');
        // safe: as many as there are tasks
        for (const [index, { resolve }] of taken.entries()) resolve(results[index] as Result);
      } catch (error) {
        for (const { reject } of taken) reject(error);
      }
    }
    this.#queues.delete(channel);
  }

  #numTaken(queue: readonly Waiting<Task, Result>[]): number {
    const [first] = queue;
    let count = 0;
    let length = 0;
    for (const waiting of queue.slice(0, maxRound)) {
      length += waiting.length;
      if (count > 0 && length > maxRoundChars) break;
      if (first !== undefined && count > 0 && !this.work.mayFollow(first.task, waiting.task)) break;
      count++;
    }
    return count;
  }
}

/** A pause after an attempt that another node has won, by chance longer the more there were. */
export async function backOff({ clock, random }: { clock: Clock; random: Random }, attempt: number): Promise<void> {
  if (attempt < 3) return;
  await pause(clock, random.unit() * Math.min(maxBackoffMs, 2 ** (attempt - 2)));
}
