/** Who of a squad plays at the moment, and who is asked when something happens. */

import type { Player } from '../messages.js';
import type { Dice } from './dice.js';
import type { Squad } from './squads.js';

export class OnField {
  readonly strength: number;
  readonly #dice: Dice;
  #playing: Player[];
  #bench: Player[];

  constructor({ lineup, bench, strength }: Squad, dice: Dice) {
    this.strength = strength;
    this.#dice = dice;
    this.#playing = [...lineup];
    this.#bench = [...bench];
  }

  get numPlaying(): number {
    return this.#playing.length;
  }

  /** The number of one of them, the likelier the more this says. */
  anyone(weight: (player: Player) => number = () => 1): number {
    const weights = this.#playing.map(weight);
    let left = this.#dice.next() * weights.reduce((sum, one) => sum + one, 0);
    const found = this.#playing.find((_, at) => {
      left -= weights[at] ?? 0;
      return left < 0;
    });
    return (found ?? this.#playing[0])?.number ?? 0;
  }

  /** Another one than this. */
  another(than: number): number {
    return this.anyone(({ number }) => (number === than ? 0 : 1));
  }

  keeper(): number {
    return this.#playing.find(({ position }) => position === 'GK')?.number ?? this.anyone();
  }

  /** One that is still on the bench takes the place of this one, who may come back where `returns`. */
  replace(number: number, returns = false): number | undefined {
    const at = this.#playing.findIndex((player) => player.number === number);
    const leaving = this.#playing[at];
    const next = this.#bench.find(({ position }) => (position === 'GK') === (leaving?.position === 'GK'));
    if (leaving === undefined || next === undefined) return undefined;
    this.#playing[at] = next;
    this.#bench = this.#bench.filter((player) => player !== next);
    if (returns) this.#bench.push(leaving);
    return next.number;
  }

  sendOff(number: number): void {
    this.#playing = this.#playing.filter((player) => player.number !== number);
  }
}
