/** A football match, possession by possession: what comes of each is decided first, and the ball moves accordingly. */

import type { EventKind, Player, Side } from '../messages.js';
import type { Dice } from './dice.js';
import { type Moment, otherSide } from './moment.js';
import { OnField } from './on-field.js';
import type { Squad } from './squads.js';

const halfSec = 45 * 60;
/** On the clock of the match day: nobody wants to wait for a quarter of an hour. */
const breakSec = 120;
const tickSec = 2;
const meanPossessionSec = 15;
const substitutions = 5;

/** How a possession ends, and how likely that is for average teams; what is left is the loss of the ball. */
const endings = { shot: 0.073, fouled: 0.064, offside: 0.011, cornerOnly: 0.012 } as const;

/** Of shots. */
const shots = { onTarget: 0.36, blocked: 0.24, cornerAfter: 0.33 } as const;

const shooting: Readonly<Record<string, number>> = { FW: 6, MF: 3, DF: 1, SUB: 4 };
const shooterWeight = ({ position }: Player) => shooting[position] ?? 0;

export class FootballMatch {
  readonly #dice: Dice;
  readonly #teams: Readonly<Record<Side, OnField>>;
  readonly #booked = new Set<string>();
  readonly #changesLeft: Record<Side, number> = { home: substitutions, away: substitutions };
  /** Between kick-off and the beginning of this half. */
  #halfAt = 0;
  #halfSecond = 0;
  #now = 0;
  #x = 50;
  #y = 50;

  constructor(home: Squad, away: Squad, dice: Dice) {
    this.#dice = dice;
    this.#teams = { home: new OnField(home, dice), away: new OnField(away, dice) };
  }

  *play(): Generator<Moment> {
    for (const period of [1, 2]) {
      this.#halfSecond = (period - 1) * halfSec;
      const added = period === 1 ? this.#dice.whole(40, 200) : this.#dice.whole(150, 380);
      const length = halfSec + added;
      this.#now = 0;
      this.#toCentre();
      yield { kind: 'phase', state: 'live', period, ...this.#time };
      let side: Side = period === 1 ? 'home' : 'away';
      while (this.#now < length) side = yield* this.#possession(side, length);
      yield { kind: 'phase', state: period === 1 ? 'break' : 'over', period, ...this.#time };
      this.#halfAt += this.#now + breakSec;
    }
  }

  get #time() {
    return { at: this.#halfAt + this.#now, second: this.#halfSecond + Math.floor(this.#now) };
  }

  #toCentre(): void {
    this.#x = 50;
    this.#y = 50;
  }

  /** @returns who has the ball then */
  *#possession(side: Side, length: number, isSetPiece = false): Generator<Moment, Side> {
    const other = otherSide(side);
    const quality = this.#teams[side].strength / this.#teams[other].strength + (side === 'home' ? 0.05 : -0.05);
    const fewer = this.#teams[side].numPlaying / this.#teams[other].numPlaying;
    const threat = quality * fewer;
    const roll = this.#dice.next();
    const shot = isSetPiece ? 0.28 : endings.shot * threat;
    const untilOffside = shot + endings.fouled + endings.offside;
    const duration = isSetPiece ? 4 : Math.min(70, 4 + this.#dice.lasting(meanPossessionSec - 4));
    const depth = roll < shot ? this.#dice.between(78, 96) : roll < untilOffside ? this.#dice.between(40, 85) : 0;
    yield* this.#move(side, depth === 0 ? this.#dice.between(30, 80) : depth, duration, length);
    if (this.#now >= length) return other;
    if (this.#halfSecond > 0) yield* this.#maybeChange(side);
    if (roll < shot) return yield* this.#shot(side, length, isSetPiece);
    if (roll < shot + endings.fouled) return yield* this.#foul(side);
    if (roll < untilOffside) yield this.#event('offside', side, this.#teams[side].anyone(shooterWeight));
    else if (roll < untilOffside + endings.cornerOnly) return yield* this.#corner(side, length);
    return other;
  }

  /** The ball gets there, not in a straight line. */
  *#move(side: Side, depth: number, duration: number, length: number): Generator<Moment> {
    const steps = Math.max(1, Math.round(duration / tickSec));
    const [fromX, fromY] = [this.#x, this.#y];
    const toX = side === 'home' ? depth : 100 - depth;
    const toY = this.#dice.between(12, 88);
    const bend = this.#dice.between(-18, 18);
    for (let step = 1; step <= steps && this.#now < length; step++) {
      const share = step / steps;
      const wave = Math.sin(share * Math.PI);
      this.#now += tickSec;
      this.#x = within(fromX + (toX - fromX) * share - wave * (side === 'home' ? 8 : -8) + this.#dice.between(-3, 3));
      this.#y = within(fromY + (toY - fromY) * share + wave * bend + this.#dice.between(-4, 4));
      yield { kind: 'ball', side, x: Math.round(this.#x), y: Math.round(this.#y), ...this.#time };
    }
  }

  *#shot(side: Side, length: number, isSetPiece: boolean): Generator<Moment, Side> {
    const other = otherSide(side);
    const player = this.#teams[side].anyone(shooterWeight);
    const closeness = Math.abs(this.#x - (side === 'home' ? 0 : 100)) / 100;
    const expected = Math.min(0.62, 0.015 + Math.max(0, closeness - 0.76) * this.#dice.between(0.2, 1.25));
    const rounded = Math.round(expected * 100) / 100;
    const roll = this.#dice.next();
    if (roll < expected) return yield* this.#goal(side, player, rounded);
    if (roll < expected + shots.onTarget * 0.72) {
      yield this.#event('save', side, player, { other: this.#teams[other].keeper(), expected: rounded });
    } else if (roll < expected + shots.onTarget * 0.72 + shots.blocked) {
      yield this.#event('blocked', side, player, { expected: rounded });
    } else {
      yield this.#event('miss', side, player, { expected: rounded });
      return other;
    }
    if (!isSetPiece && this.#dice.chance(shots.cornerAfter)) return yield* this.#corner(side, length);
    return other;
  }

  *#goal(side: Side, player: number, expected: number): Generator<Moment, Side> {
    this.#x = side === 'home' ? 100 : 0;
    this.#y = 50;
    yield { kind: 'ball', side, x: this.#x, y: this.#y, ...this.#time };
    const passed: { other?: number } = this.#dice.chance(0.72) ? { other: this.#teams[side].another(player) } : {};
    yield this.#event('goal', side, player, { expected, ...passed });
    this.#now += this.#dice.whole(40, 70);
    this.#toCentre();
    return otherSide(side);
  }

  *#corner(side: Side, length: number): Generator<Moment, Side> {
    yield this.#event('corner', side, this.#teams[side].anyone());
    this.#now += this.#dice.whole(14, 28);
    this.#x = side === 'home' ? 99 : 1;
    this.#y = this.#dice.chance(0.5) ? 2 : 98;
    return yield* this.#possession(side, length, true);
  }

  /** The side in possession is fouled. */
  *#foul(side: Side): Generator<Moment, Side> {
    const other = otherSide(side);
    const player = this.#teams[other].anyone(({ position }) => (position === 'GK' ? 0.1 : 1));
    yield this.#event('foul', other, player);
    yield* this.#card(other, player);
    this.#now += this.#dice.whole(8, 30);
    const isInBox = side === 'home' ? this.#x > 84 : this.#x < 16;
    if (!isInBox || !this.#dice.chance(0.25)) return side;
    const taker = this.#teams[side].anyone(shooterWeight);
    yield this.#event('penalty', side, taker);
    this.#now += 45;
    if (this.#dice.chance(0.78)) return yield* this.#goal(side, taker, 0.78);
    yield this.#event('save', side, taker, { other: this.#teams[other].keeper(), expected: 0.78 });
    return other;
  }

  *#card(side: Side, player: number): Generator<Moment> {
    const roll = this.#dice.next();
    const name = `${side} ${player}`;
    const isBooked = this.#booked.has(name);
    if (roll >= 0.16 || (isBooked && roll >= 0.04)) return;
    if (roll < 0.003 || isBooked) {
      this.#teams[side].sendOff(player);
      yield this.#event('red', side, player);
    } else {
      this.#booked.add(name);
      yield this.#event('yellow', side, player);
    }
  }

  *#maybeChange(side: Side): Generator<Moment> {
    const left = this.#changesLeft[side];
    if (left === 0 || this.#now < 8 * 60 || !this.#dice.chance(0.06)) return;
    const player = this.#teams[side].anyone(({ position, number }) =>
      position === 'GK' || this.#booked.has(`${side} ${number}`) ? 0.05 : position === 'SUB' ? 0 : 1,
    );
    const other = this.#teams[side].replace(player);
    if (other === undefined) return;
    this.#changesLeft[side] = left - 1;
    yield this.#event('substitution', side, player, { other });
  }

  #event(event: EventKind, side: Side, player: number, more: { other?: number; expected?: number } = {}): Moment {
    return { kind: 'event', event, side, player, ...more, ...this.#time };
  }
}

const within = (value: number) => Math.min(99, Math.max(1, value));
