/** A room: places, bots, absence, scores, and how another node goes on with it. */

import { describe, expect, it } from 'vitest';
import { keys } from '../game/keys.js';
import { keepSeatSec, stepsPerSec } from '../game/rules.js';
import { decodeTick, encodeTick } from '../game/tick-codec.js';
import { Room, type RoomOptions } from './room.js';

const room = (options: Partial<RoomOptions> = {}) =>
  new Room({ seed: 5, capacity: 4, fillTo: 0, keepSeatSec, ...options });

class Player {
  #step = 1;

  constructor(
    private readonly room: Room,
    readonly user: string,
  ) {}

  press(pressed: number): boolean {
    return this.room.input(this.user, { firstStep: this.#step++ & 0xffff, keys: [pressed] });
  }
}

function run(one: Room, sec: number, ...players: readonly Player[]): void {
  for (let step = 0; step < sec * stepsPerSec; step++) {
    for (const player of players) player.press(keys.thrust);
    one.step();
  }
}

const shipOf = (one: Room, slot: number) => one.tick().ships.find((ship) => ship.slot === slot);
const scoresOf = (one: Room) => new Map(one.takeChanges());

describe('a room', () => {
  it('has so many places, and each player one of them', () => {
    const one = room();
    expect(['ann', 'bob', 'cat', 'dan', 'eve'].map((user) => one.join(user, user))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(one.join('ann', 'Ann')).toBe(true);
    expect([...scoresOf(one).values()].map((score) => score?.slot)).toEqual([0, 1, 2, 3]);
  });

  it('takes no input of those who do not play there', () => {
    const one = room();
    one.join('ann', 'Ann');
    expect(one.input('bob', { firstStep: 1, keys: [1] })).toBe(false);
    expect(one.input('ann', { firstStep: 1, keys: [1] })).toBe(true);
  });

  it('fills up with bots, which go as people come', () => {
    const one = room({ fillTo: 3 });
    one.join('ann', 'Ann');
    run(one, 1);
    expect(one.tick().ships).toHaveLength(3);
    for (const user of ['bob', 'cat', 'dan']) one.join(user, user);
    run(one, 3);
    expect([one.numPlayers, one.tick().ships.length]).toEqual([4, 4]);
  });

  it('keeps the ship of a player who is away, where it was, and takes it back later', () => {
    const one = room();
    const ann = new Player(one, 'ann');
    one.join('ann', 'Ann');
    run(one, 1, ann);
    run(one, 3);
    const away = shipOf(one, 0);
    expect(away?.isAway).toBe(true);
    run(one, 5);
    expect(shipOf(one, 0)).toMatchObject({ x: away?.x, y: away?.y });
    ann.press(0);
    run(one, 1 / stepsPerSec);
    expect(shipOf(one, 0)?.isAway).toBe(false);
  });

  it('gives the place away after a while, and tells the scoreboard', () => {
    const one = room();
    one.join('ann', 'Ann');
    expect(scoresOf(one).get('ann')).toMatchObject({ name: 'Ann', points: 0 });
    run(one, keepSeatSec + 1);
    expect([...scoresOf(one)]).toEqual([['ann', undefined]]);
    expect(one.numPlayers).toBe(0);
    expect(one.isAbandoned).toBe(false);
    run(one, keepSeatSec + 1);
    expect(one.isAbandoned).toBe(true);
  });

  it('counts points, and tells each change once', () => {
    const one = room({ fillTo: 4 });
    one.join('ann', 'Ann');
    const ann = new Player(one, 'ann');
    run(one, 30, ann);
    const scores = scoresOf(one);
    const points = [...scores.values()].map((score) => score?.points ?? 0);
    expect(Math.max(...points)).toBeGreaterThan(0);
    expect(scoresOf(one).size).toBe(0);
  });

  it('goes on in another node: the same ships, places and points, and newer ticks', () => {
    const one = room({ fillTo: 4 });
    one.join('ann', 'Ann');
    const ann = new Player(one, 'ann');
    run(one, 20, ann);
    const scores = [...one.takeChanges()].flatMap(([user, score]) =>
      score === undefined ? [] : [[user, score] as const],
    );
    const tick = decodeTick(encodeTick(one.tick()));
    if (tick === undefined) return expect.unreachable();

    const next = room({ seed: 99, fillTo: 4, left: { tick, scores } });
    expect(new Map(next.takeChanges())).toEqual(new Map(scores));
    const first = next.tick();
    expect(first.number).toBeGreaterThan(tick.number);
    expect(first.seed).toBe(tick.seed);
    expect(first.gems).toEqual(tick.gems);
    const place = ({ slot, x, y }: { slot: number; x: number; y: number }) => ({ slot, x, y });
    expect(first.ships.map(place)).toEqual(tick.ships.map(place));
    expect(next.join('ann', 'Ann')).toBe(true);
    expect(next.numPlayers).toBe(1);
  });
});
