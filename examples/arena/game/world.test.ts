/** The simulation: the same for the same seed, and fair. */

import { describe, expect, it } from 'vitest';
import { Bot } from './bot.js';
import { keys } from './keys.js';
import { fly, type Motion, turnTo } from './motion.js';
import { arenaHeight, arenaWidth, ship, shot, stepsPerSec } from './rules.js';
import { World, type WorldEvent } from './world.js';

/** A minute of bots. */
function played(seed: number) {
  const world = new World(seed);
  const bots = Array.from({ length: 8 }, (_, slot) => new Bot(seed + slot));
  for (const slot of bots.keys()) world.add(slot);
  const events: WorldEvent[] = [];
  for (let step = 0; step < 60 * stepsPerSec; step++) {
    const pressedBy = (slot: number) => {
      const own = world.ships.get(slot);
      return own === undefined ? 0 : (bots[slot]?.next(own, world) ?? 0);
    };
    events.push(...world.step(pressedBy));
  }
  return { world, events };
}

/** Two ships at rest, the first of which looks at the second. */
function duel(distance: number) {
  const world = new World(1);
  const [one, other] = [world.add(0), world.add(1)];
  Object.assign(one, { x: 1_000, y: 1_000, angle: 0, safeFor: 0 });
  Object.assign(other, { x: 1_000 + distance, y: 1_000, safeFor: 0 });
  return { world, one, other };
}

function run(world: World, steps: number, pressedBy: (slot: number) => number = () => 0): WorldEvent[] {
  return Array.from({ length: steps }, () => world.step(pressedBy)).flat();
}

describe('a world', () => {
  it('is the same for the same seed, and another one for another', () => {
    const [one, same, other] = [played(7), played(7), played(8)];
    expect([...one.world.ships]).toEqual([...same.world.ships]);
    expect(one.events).toEqual(same.events);
    expect([...one.world.ships]).not.toEqual([...other.world.ships]);
  });

  it('has bots that do what there is to do', () => {
    const { world, events } = played(7);
    const count = (kind: WorldEvent['kind']) => events.filter((event) => event.kind === kind).length;
    expect(count('gem')).toBeGreaterThan(20);
    expect(count('hit')).toBeGreaterThan(5);
    expect(count('kill')).toBeGreaterThan(0);
    for (const { x, y } of world.ships.values()) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(arenaWidth);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(arenaHeight);
    }
  });

  it('takes a shield for each hit, destroys with the next, and brings the ship back whole', () => {
    const { world, other } = duel(200);
    const fire = (slot: number) => (slot === 0 ? keys.fire : 0);
    const events = run(world, 2 * stepsPerSec, fire);
    const hit = { kind: 'hit', by: 0, of: 1 };
    expect(events.slice(0, 4)).toEqual([hit, hit, hit, { kind: 'kill', by: 0, of: 1 }]);
    expect(other.respawnIn).toBeGreaterThan(0);
    run(world, 2 * stepsPerSec);
    expect([other.respawnIn, other.shields]).toEqual([0, ship.shields]);
  });

  it('lets shots reach only so far, and fire only so often', () => {
    const { world, other } = duel(shot.speed * shot.lifeSec + 100);
    run(world, stepsPerSec, (slot) => (slot === 0 ? keys.fire : 0));
    expect(other.shields).toBe(ship.shields);
    expect(world.shots.length).toBeLessThanOrEqual(Math.ceil(shot.lifeSec / shot.pauseSec) + 1);
  });

  it('hits nobody who has just come, or is away', () => {
    const { world, other } = duel(200);
    other.safeFor = 10 * stepsPerSec;
    run(world, stepsPerSec, (slot) => (slot === 0 ? keys.fire : 0));
    other.safeFor = 0;
    other.isAway = true;
    run(world, stepsPerSec, (slot) => (slot === 0 ? keys.fire : 0));
    expect(other.shields).toBe(ship.shields);
  });

  it('keeps the ship of a player who is away where it is', () => {
    const { world, other } = duel(400);
    run(world, 30, () => keys.thrust);
    other.isAway = true;
    run(world, 1);
    const { x, y } = other;
    run(world, 300, () => keys.thrust);
    expect([other.x, other.y]).toEqual([x, y]);
  });

  it('moves a gem that was taken', () => {
    const world = new World(4);
    const one = world.add(0);
    const [place] = world.gemPlaces;
    if (place === undefined) return expect.unreachable();
    Object.assign(one, place, { vx: 0, vy: 0 });
    expect(run(world, 1)).toEqual([{ kind: 'gem', by: 0 }]);
    expect(world.gemPlaces[0]).not.toEqual(place);
    expect(world.gems[0]).toBe(1);
  });

  it('goes on from what another node has left', () => {
    const { world } = played(7);
    const ships = [...world.ships.values()].map((one) => ({ ...one, isAlive: one.respawnIn === 0 }));
    const next = new World(world.seed, { seed: world.seed, gems: world.gems, ships });
    expect(next.gemPlaces).toEqual(world.gemPlaces);
    for (const [slot, { x, y, vx, vy, angle, shields }] of world.ships) {
      expect(next.ships.get(slot)).toMatchObject({ x, y, vx, vy, angle, shields });
    }
  });
});

describe('flying', () => {
  const still = (): Motion => ({ x: 500, y: 500, vx: 0, vy: 0, angle: 0 });

  it('is never faster than it may be, glides, and is thrown back by walls', () => {
    const motion = still();
    for (let step = 0; step < 300; step++) fly(motion, keys.thrust);
    expect(Math.hypot(motion.vx, motion.vy)).toBeLessThanOrEqual(ship.maxSpeed + 1e-9);
    const { vx } = motion;
    fly(motion, 0);
    expect(motion.vx).toBeLessThan(vx);
    for (let step = 0; step < 3_000; step++) fly(motion, keys.thrust);
    expect(motion.x).toBeLessThanOrEqual(arenaWidth - ship.radius);
  });

  it('turns both ways, and finds the shorter one', () => {
    const motion = still();
    fly(motion, keys.left);
    expect(motion.angle).toBeGreaterThan(Math.PI);
    fly(motion, keys.right);
    expect(Math.abs(turnTo(motion.angle, 0))).toBeLessThan(1e-9);
    expect(turnTo(0.1, 2 * Math.PI - 0.1)).toBeCloseTo(-0.2);
    expect(turnTo(2 * Math.PI - 0.1, 0.1)).toBeCloseTo(0.2);
  });
});
