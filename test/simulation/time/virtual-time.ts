/** The one scheduler of a simulation: everything that ever happens is an event here, at a time that only it moves on. */

import type { Cancel } from '../../../src/engine/ports/clock.js';
import type { SimProcess } from './sim-process.js';

interface Event {
  readonly atMs: number;
  readonly order: number;
  task: (() => void) | undefined;
  /** Absent: it happens whatever becomes of whom. */
  readonly process: SimProcess | undefined;
}

/** Taken before anybody replaces it, since the simulation replaces the globals of its process. */
const afterMicrotasks = setImmediate;

/** Rounds in which turns may cause further turns at one instant; more would be a loop without end. */
const maxTurns = 10_000;

export class VirtualTime {
  #nowMs = 0;
  #numSteps = 0;
  #order = 0;
  /** A binary heap: the next event is the first. */
  readonly #heap: Event[] = [];
  readonly #turns = new Set<SimProcess>();

  /** Monotonic, in milliseconds. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events so far. */
  get numSteps(): number {
    return this.#numSteps;
  }

  /**
   * Runs the task so much later. Tasks of one instant run in the order of the calls. That of a process that has ended by then never
   * runs, and that of one that stands still runs when it goes on.
   */
  schedule(task: () => void, delayMs: number, process?: SimProcess): Cancel {
    const event: Event = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, task, process };
    this.#push(event);
    return () => {
      event.task = undefined;
    };
  }

  /** The process has something to do at the end of its turn. */
  turnOf(process: SimProcess): void {
    this.#turns.add(process);
  }

  /**
   * Lets everything happen up to that time, one event after the other, each with all that follows from it at once.
   *
   * @param each called after each event. @returns whether to go on
   */
  run(untilMs: number, each: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = (): void => {
        try {
          if (!each()) {
            resolve();
            return;
          }
          const next = this.#pop(untilMs);
          if (next === undefined) {
            this.#nowMs = Math.max(this.#nowMs, untilMs);
            resolve();
            return;
          }
          this.#nowMs = Math.max(this.#nowMs, next.atMs);
          this.#numSteps++;
          if (next.process === undefined) next.task?.();
          else if (next.task !== undefined) next.process.run(next.task);
          afterMicrotasks(turns, 0);
        } catch (error) {
          reject(error);
        }
      };
      const turns = (round: number): void => {
        try {
          if (this.#turns.size === 0) {
            step();
            return;
          }
          if (round > maxTurns) throw new Error('turns without end at one instant');
          const due = [...this.#turns];
          this.#turns.clear();
          for (const process of due) process.endTurn();
          afterMicrotasks(turns, round + 1);
        } catch (error) {
          reject(error);
        }
      };
      afterMicrotasks(turns, 0);
    });
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const above = (at - 1) >>> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(event, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = event;
  }

  #pop(untilMs: number): Event | undefined {
    const heap = this.#heap;
    for (;;) {
      const [first] = heap;
      if (first === undefined || first.atMs > untilMs) return undefined;
      const last = heap.pop();
      if (last !== undefined && last !== first) this.#sink(last);
      if (first.task !== undefined && first.process?.isAlive !== false) return first;
    }
  }

  /** Puts it in the place of the first. */
  #sink(event: Event): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      let least = left;
      const [one, other] = [heap[left], heap[left + 1]];
      if (one === undefined) break;
      if (other !== undefined && isBefore(other, one)) least = left + 1;
      const child = least === left ? one : other;
      if (child === undefined || !isBefore(child, event)) break;
      heap[at] = child;
      at = least;
    }
    heap[at] = event;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
