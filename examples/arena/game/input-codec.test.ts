/** Inputs as bytes, and the queue in which the server makes them one by one. */

import { describe, expect, it } from 'vitest';
import { decodeInput, encodeInput, maxStepsPerInput, stepsBetween } from './input-codec.js';
import { InputQueue } from './input-queue.js';
import { allKeys, keys } from './keys.js';
import { stepsPerSec, stepsPerTick } from './rules.js';

describe('the codec of inputs', () => {
  it('writes and reads these bytes', () => {
    const input = { firstStep: 0x0102, keys: [keys.left, keys.thrust | keys.fire, 0] };
    expect([...encodeInput(input)]).toEqual([1, 2, 1, 12, 0]);
    expect(decodeInput(Uint8Array.of(1, 2, 1, 12, 0))).toEqual(input);
  });

  it.each([
    ['nothing', []],
    ['half a number', [1]],
    ['a number alone', [1, 2]],
    ['keys that there are not', [1, 2, allKeys + 1]],
    ['too many steps', [1, 2, ...new Array<number>(maxStepsPerInput + 1).fill(0)]],
  ])('refuses %s', (_, bytes) => expect(decodeInput(Uint8Array.from(bytes))).toBeUndefined());

  it('counts beyond 65,535', () => {
    expect([stepsBetween(65_535, 0), stepsBetween(0, 65_535), stepsBetween(10, 7)]).toEqual([1, -1, -3]);
  });
});

describe('the queue of a player', () => {
  const taken = (queue: InputQueue, count: number) => Array.from({ length: count }, () => queue.next());

  it('makes one step at a time, and says which one was the last', () => {
    const queue = new InputQueue();
    queue.push({ firstStep: 1, keys: [1, 2, 4] });
    expect(taken(queue, 2)).toEqual([1, 2]);
    expect(queue.ack).toBe(2);
  });

  it('holds the keys of a line that stutters, and lets go of those of one that is silent', () => {
    const queue = new InputQueue();
    queue.push({ firstStep: 1, keys: [4] });
    const pressed = taken(queue, 40);
    expect(pressed.slice(0, 15)).toEqual(new Array(15).fill(4));
    expect(pressed.at(-1)).toBe(0);
    expect([queue.ack, queue.silentFor]).toEqual([1, 40]);
    queue.push({ firstStep: 2, keys: [8] });
    expect([queue.next(), queue.ack]).toEqual([8, 2]);
  });

  it('makes nobody faster: of a flood it makes the newest steps, each in a step of its own', () => {
    const queue = new InputQueue();
    for (let step = 1; step <= 600; step += 12) queue.push({ firstStep: step, keys: new Array<number>(12).fill(4) });
    taken(queue, 8);
    expect(queue.ack).toBe(600);
  });

  it('goes on with the numbers of a page that was loaded again', () => {
    const queue = new InputQueue();
    queue.push({ firstStep: 500, keys: [1, 1] });
    expect(queue.next()).toBe(1);
    queue.push({ firstStep: 1, keys: [2] });
    expect([queue.next(), queue.ack]).toEqual([2, 1]);
  });

  it('counts on from 65,535', () => {
    const queue = new InputQueue();
    queue.push({ firstStep: 65_535, keys: [1, 2] });
    taken(queue, 2);
    expect(queue.ack).toBe(0);
    queue.push({ firstStep: 1, keys: [4] });
    expect([queue.next(), queue.ack]).toEqual([4, 1]);
  });
});

/** A page that sends three steps with every third one of the room, and thrusts. */
class Player {
  readonly queue = new InputQueue();
  #sent = 0;

  /** Steps of the room, during the first of which what the page sends is on its way. */
  play(steps: number, lateBy = 0): void {
    for (let step = 0; step < steps; step++) {
      if (step % stepsPerTick === 0 && step >= lateBy) this.send();
      this.queue.next();
    }
  }

  send(): void {
    this.queue.push({ firstStep: this.#sent + 1, keys: new Array<number>(stepsPerTick).fill(keys.thrust) });
    this.#sent += stepsPerTick;
  }

  /** Steps from a key until it is in effect. */
  get delay(): number {
    return this.#sent - this.queue.ack;
  }
}

describe('the steps of a player that wait', () => {
  it('grow after a pause of the line, and shrink when it is steady again', () => {
    const player = new Player();
    player.play(stepsPerSec);
    const before = player.delay;
    player.play(6, 6);
    player.send();
    player.send();
    expect(player.delay).toBeGreaterThan(before + 4);
    player.play(4 * stepsPerSec);
    expect(player.delay).toBeLessThanOrEqual(before + 1);
  });

  it('have each step of a steady line made once', () => {
    const player = new Player();
    player.play(10 * stepsPerSec);
    expect(player.delay).toBe(0);
  });
});
