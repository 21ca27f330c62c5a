/** The player's own ship: makes its steps at their rate, predicts them, and hands them on for the server. */

import { type Input, maxStepsPerInput } from '../game/input-codec.js';
import type { Motion } from '../game/motion.js';
import { stepsPerSec, stepsPerTick } from '../game/rules.js';
import type { Controls } from './controls.js';
import { Prediction } from './prediction.js';

const stepMs = 1_000 / stepsPerSec;

export class Pilot {
  readonly prediction = new Prediction();
  #batch: { number: number; keys: number }[] = [];
  #nextAtMs: number | undefined;
  #drawnAtMs = 0;
  #lastKeys = 0;

  /** @param send called with what was pressed: at once when that changes, and 20 times a second */
  constructor(
    private readonly controls: Pick<Controls, 'pressed'>,
    private readonly send: (input: Input) => void,
  ) {}

  /** Makes the steps that are due. */
  advance(nowMs: number): void {
    this.#nextAtMs ??= nowMs;
    // The page stood still, as a hidden one does: only the latest steps count.
    this.#nextAtMs = Math.max(this.#nextAtMs, nowMs - maxStepsPerInput * stepMs);
    for (; this.#nextAtMs <= nowMs; this.#nextAtMs += stepMs) {
      const keys = this.controls.pressed(this.prediction.angle);
      const isChanged = keys !== this.#lastKeys;
      this.#lastKeys = keys;
      this.#batch.push({ number: this.prediction.press(keys), keys });
      if (isChanged || this.#batch.length >= stepsPerTick) this.#flush();
    }
  }

  /** While there is no connection the ship rests, as it does on the server. */
  rest(): void {
    this.#nextAtMs = undefined;
    this.#batch = [];
  }

  /** The ship at this moment. `undefined` until the server has said where it is. */
  at(nowMs: number): Motion | undefined {
    const passedMs = nowMs - this.#drawnAtMs;
    this.#drawnAtMs = nowMs;
    const share = this.#nextAtMs === undefined ? 1 : 1 - (this.#nextAtMs - nowMs) / stepMs;
    return this.prediction.at(Math.min(1, Math.max(0, share)), passedMs);
  }

  #flush(): void {
    const [first] = this.#batch;
    if (first !== undefined) this.send({ firstStep: first.number, keys: this.#batch.map(({ keys }) => keys) });
    this.#batch = [];
  }
}
