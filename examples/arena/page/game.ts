/** A match in this page: puts together what the server says of the others and what the player's own ship does. */

import type { Input } from '../game/input-codec.js';
import { stepsPerSec } from '../game/rules.js';
import type { ShipState, Tick } from '../game/tick.js';
import type { Score } from '../rooms/seat.js';
import type { Controls } from './controls.js';
import type { Match, MatchListener } from './match.js';
import { Pilot } from './pilot.js';
import { flown, type Moment, Playback } from './playback.js';

export interface GameEvents {
  onScores(scores: readonly (readonly [player: string, score: Score])[]): void;
  onPoints(gain: number): void;
  /** The player has no place in the room any more: it was away for too long, or the room is gone. */
  onSeatLost(): void;
}

const smoothing = 0.1;

export class Game implements MatchListener {
  readonly #playback = new Playback();
  readonly #pilot: Pilot;
  readonly #names = new Map<number, string>();
  #match: Match | undefined;
  #ownSlot: number | undefined;
  #points = 0;
  #pingMs: number | undefined;
  #numTicks = 0;

  constructor(
    controls: Controls,
    private readonly events: GameEvents,
  ) {
    this.#pilot = new Pilot(controls, (input: Input) => this.#match?.press(input));
  }

  /** Once, with the match that this listens to. */
  begin(match: Match): void {
    this.#match = match;
  }

  get ownSlot(): number | undefined {
    return this.#ownSlot;
  }

  get pingMs(): number | undefined {
    return this.#pingMs;
  }

  get delayMs(): number {
    return this.#playback.delayMs;
  }

  get lostTicks(): number {
    return this.#playback.numLost;
  }

  /** Ticks since the last call. */
  takeTicks(): number {
    const numTicks = this.#numTicks;
    this.#numTicks = 0;
    return numTicks;
  }

  nameOf(slot: number): string {
    return this.#names.get(slot) ?? '';
  }

  onTick(tick: Tick): void {
    this.#numTicks++;
    this.#playback.push(tick, performance.now(), this.#match?.player !== undefined);
    const own = tick.ships.find(({ slot }) => slot === this.#ownSlot);
    if (own !== undefined) this.#pilot.prediction.correct(own);
  }

  onScores(scores: Iterable<readonly [player: string, score: Score]>): void {
    const all = [...scores];
    this.#names.clear();
    for (const [, { slot, name }] of all) this.#names.set(slot, name);
    const player = this.#match?.player;
    const own = all.find(([id]) => id === player)?.[1];
    const hadPlace = this.#ownSlot !== undefined;
    if (hadPlace && own !== undefined && own.points > this.#points) this.events.onPoints(own.points - this.#points);
    this.#points = own?.points ?? 0;
    this.#ownSlot = own?.slot;
    this.events.onScores(all);
    if (hadPlace && own === undefined) this.events.onSeatLost();
  }

  onRoundTrip(ms: number): void {
    this.#pingMs = this.#pingMs === undefined ? ms : this.#pingMs + (ms - this.#pingMs) * smoothing;
  }

  /** Makes the steps of the own ship that are due: for each frame, and now and then in a hidden page. */
  advance(nowMs: number): void {
    if (this.#ownSlot === undefined || this.#match?.isLive !== true) this.#pilot.rest();
    else this.#pilot.advance(nowMs);
  }

  /** What is to be drawn; `undefined` before the first tick. */
  at(nowMs: number): Moment | undefined {
    const moment = this.#playback.at(nowMs);
    const own = this.#pilot.at(nowMs);
    const newest = moment?.newest.ships.find(({ slot }) => slot === this.#ownSlot);
    if (moment === undefined || own === undefined || newest === undefined) return moment;
    const ship: ShipState = { ...newest, ...own };
    const isOwn = ({ slot }: { readonly slot: number }) => slot === this.#ownSlot;
    // The own ship is ahead of the server, and so are its shots.
    const aheadSec = this.#pilot.prediction.numPending / stepsPerSec;
    const ownShots = moment.newest.shots.filter(isOwn).map((shot) => flown(shot, aheadSec));
    return {
      ...moment,
      ships: [...moment.ships.filter((other) => !isOwn(other)), ship],
      shots: [...moment.shots.filter((shot) => !isOwn(shot)), ...ownShots],
    };
  }
}
