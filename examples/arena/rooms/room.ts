/** One room: who sits in it, and their world. Knows neither network nor clock: it is told inputs and steps, and asked for ticks. */

import { Bot } from '../game/bot.js';
import type { Input } from '../game/input-codec.js';
import { awayAfterSec, points, stepsPerSec } from '../game/rules.js';
import type { ShipState, Tick } from '../game/tick.js';
import { World, type WorldEvent } from '../game/world.js';
import { type Score, Seat } from './seat.js';

export interface RoomOptions {
  /** Of everything in it that is random. */
  readonly seed: number;
  /** Most players, 2 to 50. Bots go when people come. */
  readonly capacity: number;
  /** Bots make it so many ships. 0: no bots. */
  readonly fillTo: number;
  /** How long the place of a player who is away is kept. */
  readonly keepSeatSec: number;
  /** What another node has left. Absent: an empty room. */
  readonly left?: RoomState | undefined;
}

/** What a room goes on from: its last tick, and its scoreboard by users. */
export interface RoomState {
  readonly tick: Tick;
  readonly scores: Iterable<readonly [user: string, score: Score]>;
}

/** The number of a first tick after another node's, which may have sent some that nobody has kept. */
const tickJump = 10_000;
const awayAfterSteps = awayAfterSec * stepsPerSec;
const botNames = [
  'Vega',
  'Rigel',
  'Mira',
  'Altair',
  'Deneb',
  'Capella',
  'Antares',
  'Spica',
  'Atria',
  'Izar',
  'Naos',
  'Sirrah',
];

export class Room {
  readonly #world: World;
  readonly #seats = new Map<string, Seat>();
  readonly #bySlot = new Map<number, Seat>();
  readonly #options: RoomOptions;
  #gone: string[] = [];
  #numSteps = 0;
  #tickNumber: number;
  /** Steps since somebody played. */
  #emptyFor = 0;

  constructor(options: RoomOptions) {
    const { seed, left } = options;
    this.#options = options;
    this.#tickNumber = left === undefined ? 0 : left.tick.number + tickJump;
    this.#world = new World(left?.tick.seed ?? seed, left?.tick);
    for (const [user, score] of left?.scores ?? []) this.#restore(user, score);
    for (const slot of [...this.#world.ships.keys()]) if (!this.#bySlot.has(slot)) this.#world.remove(slot);
  }

  get numPlayers(): number {
    let count = 0;
    for (const { bot } of this.#seats.values()) if (bot === undefined) count++;
    return count;
  }

  /** Whether nobody has played for a while. */
  get isAbandoned(): boolean {
    return this.#emptyFor > this.#keepSeatSteps;
  }

  get #keepSeatSteps(): number {
    return this.#options.keepSeatSec * stepsPerSec;
  }

  /** @returns whether the user has a place; the same one as before, if it is still kept */
  join(user: string, name: string): boolean {
    const known = this.#seats.get(user);
    if (known === undefined && this.numPlayers >= this.#options.capacity) return false;
    if (known === undefined) this.#sit(user, name);
    return true;
  }

  /** @returns whether the user has a place here */
  input(user: string, input: Input): boolean {
    const seat = this.#seats.get(user);
    seat?.inputs.push(input);
    return seat !== undefined;
  }

  step(): void {
    this.#numSteps++;
    this.#letGo();
    this.#fill();
    this.#emptyFor = this.numPlayers > 0 ? 0 : this.#emptyFor + 1;
    for (const event of this.#world.step((slot) => this.#pressed(slot))) this.#count(event);
  }

  /** The next one, of this moment. */
  tick(): Tick {
    this.#tickNumber++;
    const { seed, gems, shots } = this.#world;
    const ships = [...this.#world.ships.values()].map(({ respawnIn, safeFor, ...ship }): ShipState => {
      const ack = this.#bySlot.get(ship.slot)?.inputs.ack ?? 0;
      return { ...ship, isAlive: respawnIn === 0, isSafe: safeFor > 0, ack };
    });
    return { number: this.#tickNumber, seed, gems, ships, shots };
  }

  /** What the scoreboard does not have yet; `undefined` for users that have gone. Each change is told once. */
  *takeChanges(): Iterable<readonly [user: string, score: Score | undefined]> {
    for (const user of this.#gone.splice(0)) if (!this.#seats.has(user)) yield [user, undefined];
    for (const seat of this.#seats.values()) {
      if (!seat.isChanged) continue;
      seat.isChanged = false;
      yield [seat.user, seat.score];
    }
  }

  #sit(user: string, name: string, bot?: Bot): void {
    if (this.#seats.size >= this.#options.capacity)
      this.#leave([...this.#seats.values()].find((seat) => seat.bot !== undefined));
    let slot = 0;
    while (this.#bySlot.has(slot)) slot++;
    this.#take(new Seat(user, slot, name, bot));
    this.#world.add(slot);
  }

  #take(seat: Seat): void {
    this.#seats.set(seat.user, seat);
    this.#bySlot.set(seat.slot, seat);
  }

  #restore(user: string, { slot, name, isBot, points, kills, deaths }: Score): void {
    // A score without a ship: its room was left between the two. It gets a new one.
    if (!this.#world.ships.has(slot)) this.#world.add(slot);
    const seat = new Seat(user, slot, name, isBot ? new Bot(this.#options.seed + slot) : undefined);
    this.#take(Object.assign(seat, { points, kills, deaths }));
  }

  #leave(seat: Seat | undefined): void {
    if (seat === undefined) return;
    this.#seats.delete(seat.user);
    this.#bySlot.delete(seat.slot);
    this.#world.remove(seat.slot);
    this.#gone.push(seat.user);
  }

  #letGo(): void {
    for (const seat of this.#seats.values()) {
      const ship = this.#world.ships.get(seat.slot);
      if (seat.bot !== undefined || ship === undefined) continue;
      const { silentFor } = seat.inputs;
      ship.isAway = silentFor > awayAfterSteps;
      if (silentFor > this.#keepSeatSteps) this.#leave(seat);
    }
  }

  /** One bot at a time comes or goes, as people go or come. */
  #fill(): void {
    const { fillTo, capacity, seed } = this.#options;
    const wanted = this.numPlayers === 0 ? 0 : Math.min(fillTo, capacity);
    if (this.#seats.size > wanted && this.#numSteps % stepsPerSec === 0) {
      this.#leave([...this.#seats.values()].find((seat) => seat.bot !== undefined));
    } else if (this.#seats.size < wanted) {
      let slot = 0;
      while (this.#bySlot.has(slot)) slot++;
      const name = botNames[(slot + seed) % botNames.length] ?? 'Bot';
      this.#sit(`bot-${slot}`, name, new Bot(seed + slot));
    }
  }

  #pressed(slot: number): number {
    const seat = this.#bySlot.get(slot);
    const ship = this.#world.ships.get(slot);
    if (seat === undefined || ship === undefined) return 0;
    return seat.bot === undefined ? seat.inputs.next() : seat.bot.next(ship, this.#world);
  }

  #count(event: WorldEvent): void {
    const by = this.#bySlot.get(event.by);
    if (by !== undefined) {
      by.points += points[event.kind];
      if (event.kind === 'kill') by.kills++;
      by.isChanged = true;
    }
    const of = event.kind === 'kill' ? this.#bySlot.get(event.of) : undefined;
    if (of !== undefined) {
      of.deaths++;
      of.isChanged = true;
    }
  }
}
