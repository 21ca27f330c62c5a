import { describe, expect, it } from 'vitest';
import { type Timers, TypingSignal, Typists, typingLine } from './typing.js';

/** Time that passes when the test advances it. */
class FakeTimers implements Timers {
  #nowMs = 0;
  readonly #tasks = new Set<{ readonly atMs: number; readonly task: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  schedule(task: () => void, delayMs: number): () => void {
    const entry = { atMs: this.#nowMs + delayMs, task };
    this.#tasks.add(entry);
    return () => this.#tasks.delete(entry);
  }

  pass(durationMs: number): void {
    this.#nowMs += durationMs;
    for (const entry of [...this.#tasks]) {
      if (entry.atMs > this.#nowMs) continue;
      this.#tasks.delete(entry);
      entry.task();
    }
  }

  get size(): number {
    return this.#tasks.size;
  }
}

describe('Typists', () => {
  it('forgets after 5 s those who say nothing more, and at once those who stop', () => {
    const timers = new FakeTimers();
    let changes = 0;
    const typists = new Typists(timers, () => changes++);
    typists.started({ client: 'a', name: 'Ada' });
    typists.started({ client: 'b', name: 'Bo' });
    timers.pass(3_000);
    typists.started({ client: 'a', name: 'Ada' });
    timers.pass(2_000);
    expect(typists.names).toEqual(['Ada']);
    typists.stopped('a');
    typists.stopped('nobody');
    expect(typists.names).toEqual([]);
    expect(changes).toBe(5);
    expect(timers.size).toBe(0);
  });

  it('is empty and holds no timer once cleared', () => {
    const timers = new FakeTimers();
    const typists = new Typists(timers, () => {});
    typists.started({ client: 'a', name: 'Ada' });
    typists.clear();
    expect(typists.names).toEqual([]);
    expect(timers.size).toBe(0);
  });
});

describe('TypingSignal', () => {
  it('is told at once, then every 2 s, and taken back when one stops', () => {
    const timers = new FakeTimers();
    const told: boolean[] = [];
    const signal = new TypingSignal(timers, (typing) => told.push(typing));
    for (let key = 0; key < 5; key++) {
      signal.typed();
      timers.pass(500);
    }
    expect(told).toEqual([true, true]);
    signal.stopped();
    signal.stopped();
    expect(told).toEqual([true, true, false]);
    expect(timers.size).toBe(0);
  });

  it('is taken back by itself when nothing is typed any more', () => {
    const timers = new FakeTimers();
    const told: boolean[] = [];
    const signal = new TypingSignal(timers, (typing) => told.push(typing));
    signal.typed();
    timers.pass(4_000);
    expect(told).toEqual([true, false]);
  });
});

it('names one, two or a crowd', () => {
  expect(typingLine([])).toBe('');
  expect(typingLine(['Ada'])).toBe('Ada is typing…');
  expect(typingLine(['Ada', 'Bo'])).toBe('Ada and Bo are typing…');
  expect(typingLine(['Ada', 'Bo', 'Cy', 'Di'])).toBe('Ada, Bo and 2 more are typing…');
});
