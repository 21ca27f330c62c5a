/** The own ship: flies at once, and ends where the server has it. */

import { describe, expect, it } from 'vitest';
import { InputQueue } from '../game/input-queue.js';
import { keys } from '../game/keys.js';
import { fly, type Motion } from '../game/motion.js';
import type { ShipState } from '../game/tick.js';
import { Prediction } from './prediction.js';

const start: Motion = { x: 1_000, y: 1_000, vx: 0, vy: 0, angle: 0 };

function shipAt(motion: Motion, ack: number, isAlive = true): ShipState {
  return { slot: 0, shields: 3, isAlive, isThrusting: false, isAway: false, isSafe: false, ack, ...motion };
}

/** A long time after a correction, with no step under way. */
const settled = (prediction: Prediction) => prediction.at(1, 10_000);

describe('prediction', () => {
  it('shows nothing before the server has said where the ship is', () => {
    const prediction = new Prediction();
    prediction.press(keys.thrust);
    expect(prediction.at(1, 16)).toBeUndefined();
  });

  it('flies at once, and the server agrees: nothing moves when its word comes', () => {
    const prediction = new Prediction();
    const server = { ...start };
    prediction.correct(shipAt(server, 0));
    const pressed = Array.from({ length: 30 }, (_, index) => keys.thrust | (index % 3 === 0 ? keys.right : 0));
    for (const one of pressed) prediction.press(one);
    const before = settled(prediction);
    for (const one of pressed.slice(0, 20)) fly(server, one);
    prediction.correct(shipAt(server, 20));
    const after = settled(prediction);
    expect(prediction.numPending).toBe(10);
    expect(after?.x).toBeCloseTo(before?.x ?? 0, 9);
    expect(after?.y).toBeCloseTo(before?.y ?? 0, 9);
    expect(after?.angle).toBeCloseTo(before?.angle ?? 0, 9);
  });

  it('ends where the server has it, when they disagree, without a jump', () => {
    const prediction = new Prediction();
    prediction.correct(shipAt(start, 0));
    for (let step = 0; step < 10; step++) prediction.press(keys.thrust);
    const before = settled(prediction);
    // Somebody pushed it.
    prediction.correct(shipAt({ ...start, y: 1_030 }, 10));
    expect(prediction.at(1, 0)?.y).toBeCloseTo(before?.y ?? 0);
    expect(settled(prediction)).toMatchObject({ x: start.x, y: 1_030 });
  });

  it('jumps to where the ship comes again, and stays there until it flies', () => {
    const prediction = new Prediction();
    prediction.correct(shipAt(start, 0));
    prediction.correct(shipAt({ ...start, x: 2_500 }, 0, false));
    for (let step = 0; step < 10; step++) prediction.press(keys.thrust);
    expect(prediction.at(1, 0)).toMatchObject({ x: 2_500, y: 1_000 });
  });

  it('agrees with the server beyond 65,535 steps, over a line that delays by five steps', () => {
    const prediction = new Prediction();
    const server = { ...start };
    const queue = new InputQueue();
    queue.ack = 65_500;
    prediction.correct(shipAt(server, queue.ack));
    const underWay: { firstStep: number; keys: number[] }[] = [];
    for (let step = 0; step < 200; step++) {
      const pressed = step % 7 < 4 ? keys.thrust | keys.left : keys.right;
      underWay.push({ firstStep: prediction.press(pressed), keys: [pressed] });
      if (underWay.length > 5) {
        const arrived = underWay.shift();
        if (arrived !== undefined) queue.push(arrived);
        fly(server, queue.next());
      }
      if (step % 3 === 0) {
        const shown = settled(prediction);
        prediction.correct(shipAt(server, queue.ack));
        expect(settled(prediction)?.x).toBeCloseTo(shown?.x ?? 0, 6);
      }
    }
    expect(prediction.numPending).toBe(6);
  });
});
