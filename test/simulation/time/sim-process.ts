/** One simulated process: it has a clock of its own, can stand still, and can end between any two events. */

import type { Cancel, Clock } from '../../../src/engine/ports/clock.js';
import type { VirtualTime } from './virtual-time.js';

/** What the wall shows when the simulation begins. */
export const wallStartMs = 1_800_000_000_000;

export class SimProcess implements Clock {
  #isAlive = true;
  #isPaused = false;
  /** What came while it stood still. */
  #backlog: (() => void)[] = [];
  #turn: (() => void)[] = [];
  readonly #onKilled: (() => void)[] = [];
  /** How far its wall clock is off. */
  wallOffsetMs = 0;

  constructor(
    readonly name: string,
    private readonly time: VirtualTime,
  ) {}

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  nowMs(): number {
    return this.time.nowMs;
  }

  wallMs(): number {
    return wallStartMs + this.time.nowMs + this.wallOffsetMs;
  }

  schedule(task: () => void, delayMs: number): Cancel {
    return this.time.schedule(task, delayMs, this);
  }

  afterTurn(task: () => void): void {
    this.#turn.push(task);
    this.time.turnOf(this);
  }

  /** Runs it now, or when the process goes on. */
  run(task: () => void): void {
    if (!this.#isAlive) return;
    if (this.#isPaused) this.#backlog.push(task);
    else task();
  }

  endTurn(): void {
    if (!this.#isAlive || this.#isPaused) return;
    const turn = this.#turn;
    this.#turn = [];
    for (const task of turn) task();
  }

  /** As `kill -9`: nothing of it happens any more. */
  kill(): void {
    this.#isAlive = false;
    this.#backlog = [];
    this.#turn = [];
    for (const tell of this.#onKilled.splice(0)) tell();
  }

  onKilled(tell: () => void): void {
    this.#onKilled.push(tell);
  }

  /** As SIGSTOP. */
  pause(): void {
    this.#isPaused = true;
  }

  /** As SIGCONT: what has come meanwhile happens, each in an event of its own. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const task of backlog) this.time.schedule(task, 0, this);
    if (this.#turn.length > 0) this.time.turnOf(this);
  }
}
