/**
 * The steps of one player that the server has not made yet. It makes one for each step of the room, so nobody flies or fires faster
 * than others, whatever they send. While nothing comes the keys stay as they were, and a step later the queue
 * is one longer: it grows to what the line's jitter needs, and shrinks to that again.
 */

import { type Input, stepsBetween } from './input-codec.js';
import { stepsPerSec } from './rules.js';

/** More would be latency: 133 ms. */
const maxWaiting = 8;
/** A queue that was never shorter than {@link spareSteps} for so many steps is longer than the line needs. */
const watchedSteps = stepsPerSec / 2;
/** What may always wait: 17 ms. */
const spareSteps = 1;
/** How long a silent player still presses what it pressed. */
const heldSteps = stepsPerSec / 4;

export class InputQueue {
  #waiting: number[] = [];
  #pressed = 0;
  /** Steps since something came. */
  #silentFor = 0;
  /** The shortest that the queue was in the last steps, and how many these are. */
  #shortest = maxWaiting;
  #watchedFor = 0;
  /** The number of the last step that was made. */
  ack = 0;

  get silentFor(): number {
    return this.#silentFor;
  }

  push({ firstStep, keys }: Input): void {
    this.#silentFor = 0;
    // Another page of this player, or one that was away: it goes on from there.
    if (stepsBetween(this.ack + this.#waiting.length + 1, firstStep) !== 0) {
      this.#waiting = [];
      this.ack = (firstStep - 1) & 0xffff;
    }
    this.#waiting.push(...keys);
    const tooMany = this.#waiting.length - maxWaiting;
    if (tooMany <= 0) return;
    this.#waiting.splice(0, tooMany);
    this.ack = (this.ack + tooMany) & 0xffff;
  }

  /** The keys of the next step. */
  next(): number {
    this.#silentFor++;
    const pressed = this.#waiting.shift();
    if (pressed === undefined) return this.#silentFor > heldSteps ? 0 : this.#pressed;
    this.ack = (this.ack + 1) & 0xffff;
    this.#pressed = pressed;
    this.#shorten();
    return pressed;
  }

  /** Leaves out a step for one that was made while nothing had come. */
  #shorten(): void {
    this.#shortest = Math.min(this.#shortest, this.#waiting.length);
    if (++this.#watchedFor < watchedSteps) return;
    if (this.#shortest > spareSteps) {
      this.#waiting.shift();
      this.ack = (this.ack + 1) & 0xffff;
    }
    this.#shortest = maxWaiting;
    this.#watchedFor = 0;
  }
}
