/** A basketball match, possession by possession: four quarters of ten minutes, and overtime as long as nobody leads. */

import type { EventKind, Player, Side } from '../messages.js';
import type { Dice } from './dice.js';
import { type Moment, otherSide } from './moment.js';
import { OnField } from './on-field.js';
import type { Squad } from './squads.js';

const quarterSec = 600;
const overtimeSec = 300;
const breakSec = 45;
const tickSec = 1;
const meanPossessionSec = 14.5;
const foulsToLeave = 5;

const chances = {
  turnover: 0.13,
  /** While shooting: free throws follow. */
  foul: 0.1,
  otherFoul: 0.1,
  three: 0.36,
  freeThrow: 0.76,
  offensiveRebound: 0.26,
  dunk: 0.16,
} as const;
const makes = { two: 0.515, three: 0.355 } as const;

const inside: Readonly<Record<string, number>> = { C: 4, PF: 3, SF: 2 };
const outside: Readonly<Record<string, number>> = { SG: 4, PG: 3, SF: 3, PF: 2 };
const insideWeight = ({ position }: Player) => inside[position] ?? 1;
const outsideWeight = ({ position }: Player) => outside[position] ?? 1;

export class BasketballMatch {
  readonly #dice: Dice;
  readonly #teams: Readonly<Record<Side, OnField>>;
  readonly #points: Record<Side, number> = { home: 0, away: 0 };
  readonly #fouls = new Map<string, number>();
  #quarterAt = 0;
  #quarterSecond = 0;
  #now = 0;
  #x = 50;
  #y = 50;

  constructor(home: Squad, away: Squad, dice: Dice) {
    this.#dice = dice;
    this.#teams = { home: new OnField(home, dice), away: new OnField(away, dice) };
  }

  *play(): Generator<Moment> {
    let side: Side = this.#dice.chance(0.5) ? 'home' : 'away';
    for (let period = 1; ; period++) {
      const length = period <= 4 ? quarterSec : overtimeSec;
      this.#now = 0;
      this.#x = 50;
      this.#y = 50;
      yield { kind: 'phase', state: 'live', period, ...this.#time };
      while (this.#now < length) side = yield* this.#possession(side, length);
      this.#now = length;
      const isOver = period >= 4 && this.#points.home !== this.#points.away;
      yield { kind: 'phase', state: isOver ? 'over' : 'break', period, ...this.#time };
      if (isOver) return;
      if (period % 2 === 1) yield* this.#rotate();
      this.#quarterAt += length + breakSec;
      this.#quarterSecond += length;
    }
  }

  get #time() {
    return { at: this.#quarterAt + this.#now, second: this.#quarterSecond + Math.floor(this.#now) };
  }

  *#possession(side: Side, length: number, isSecondTry = false): Generator<Moment, Side> {
    const other = otherSide(side);
    const duration = isSecondTry
      ? this.#dice.between(3, 8)
      : Math.min(24, 5 + this.#dice.lasting(meanPossessionSec - 5));
    const isThree = this.#dice.chance(chances.three);
    yield* this.#move(side, isThree ? this.#dice.between(70, 78) : this.#dice.between(84, 93), duration, length);
    if (this.#now >= length) return other;
    if (this.#dice.chance(chances.otherFoul)) yield* this.#foul(other);
    const roll = this.#dice.next();
    if (!isSecondTry && roll < chances.turnover) {
      yield this.#event('turnover', side, this.#teams[side].anyone());
      return other;
    }
    if (roll < chances.turnover + chances.foul) return yield* this.#fouled(side);
    const points = isThree ? 3 : 2;
    const player = this.#teams[side].anyone(isThree ? outsideWeight : insideWeight);
    const quality = this.#teams[side].strength / this.#teams[other].strength + (side === 'home' ? 0.02 : -0.02);
    if (this.#dice.chance((isThree ? makes.three : makes.two) * quality)) {
      yield* this.#basket(side, player, points);
      return other;
    }
    yield this.#event('miss', side, player, { points });
    if (!this.#dice.chance(chances.offensiveRebound)) {
      yield this.#event('rebound', other, this.#teams[other].anyone(insideWeight));
      return other;
    }
    yield this.#event('rebound', side, this.#teams[side].anyone(insideWeight));
    return yield* this.#possession(side, length, true);
  }

  *#move(side: Side, depth: number, duration: number, length: number): Generator<Moment> {
    const steps = Math.max(1, Math.round(duration / tickSec));
    const [fromX, fromY] = [this.#x, this.#y];
    const toX = side === 'home' ? depth : 100 - depth;
    const toY = this.#dice.between(20, 80);
    for (let step = 1; step <= steps && this.#now < length; step++) {
      // Across the court within the first third, and then around the basket.
      const share = Math.min(1, step / Math.max(1, steps / 3));
      this.#now += tickSec;
      this.#x = within(fromX + (toX - fromX) * share + this.#dice.between(-3, 3));
      this.#y = within(fromY + (toY - fromY) * share + Math.sin(step) * 14 + this.#dice.between(-5, 5));
      yield { kind: 'ball', side, x: Math.round(this.#x), y: Math.round(this.#y), ...this.#time };
    }
  }

  *#basket(side: Side, player: number, points: number): Generator<Moment> {
    this.#points[side] += points;
    const isDunk = points === 2 && this.#dice.chance(chances.dunk);
    const passed: { other?: number } = this.#dice.chance(0.58) ? { other: this.#teams[side].another(player) } : {};
    yield this.#event(points === 1 ? 'freeThrow' : isDunk ? 'dunk' : 'basket', side, player, {
      points,
      ...(points > 1 && passed),
    });
  }

  *#fouled(side: Side): Generator<Moment, Side> {
    const other = otherSide(side);
    yield* this.#foul(other);
    const player = this.#teams[side].anyone(insideWeight);
    let isLastIn = false;
    for (let shot = 0; shot < 2; shot++) {
      isLastIn = this.#dice.chance(chances.freeThrow);
      if (isLastIn) yield* this.#basket(side, player, 1);
      else yield this.#event('miss', side, player, { points: 1 });
    }
    if (!isLastIn) yield this.#event('rebound', other, this.#teams[other].anyone(insideWeight));
    return other;
  }

  /** Who has five of them leaves. */
  *#foul(side: Side): Generator<Moment> {
    const player = this.#teams[side].anyone();
    yield this.#event('foul', side, player);
    const count = (this.#fouls.get(`${side} ${player}`) ?? 0) + 1;
    this.#fouls.set(`${side} ${player}`, count);
    const next = count >= foulsToLeave ? this.#teams[side].replace(player) : undefined;
    if (next !== undefined) yield this.#event('substitution', side, player, { other: next });
  }

  /** Fresh legs between the quarters. */
  *#rotate(): Generator<Moment> {
    for (const side of ['home', 'away'] as const) {
      for (let change = 0; change < 2; change++) {
        const player = this.#teams[side].anyone();
        const other = this.#teams[side].replace(player, true);
        if (other !== undefined) yield this.#event('substitution', side, player, { other });
      }
    }
  }

  #event(event: EventKind, side: Side, player: number, more: { other?: number; points?: number } = {}): Moment {
    return { kind: 'event', event, side, player, ...more, ...this.#time };
  }
}

const within = (value: number) => Math.min(98, Math.max(2, value));
