/** The figures of one match, counted from its events. */

import type { Side, Sport } from '../messages.js';
import type { EventMoment } from './moment.js';

type Row = [name: string, home: number, away: number];

const names = {
  football: ['Shots', 'On target', 'Expected goals', 'Corners', 'Fouls', 'Offsides', 'Yellow cards', 'Red cards'],
  basketball: ['Field goals', 'Shots', 'Three-pointers', 'Free throws', 'Rebounds', 'Assists', 'Turnovers', 'Fouls'],
} as const;

export class Statistics {
  readonly #sport: Sport;
  readonly #rows: ReadonlyMap<string, Row>;

  constructor(sport: Sport) {
    this.#sport = sport;
    this.#rows = new Map(names[sport].map((name): [string, Row] => [name, [name, 0, 0]]));
  }

  get rows(): Row[] {
    return [...this.#rows.values()].map(([name, home, away]) => [name, home, away]);
  }

  /** @returns whether a figure has changed */
  count(moment: EventMoment): boolean {
    return this.#sport === 'football' ? this.#football(moment) : this.#basketball(moment);
  }

  #football({ event, side, expected = 0 }: EventMoment): boolean {
    const counted = { corner: 'Corners', foul: 'Fouls', offside: 'Offsides', yellow: 'Yellow cards', red: 'Red cards' };
    const isShot = event === 'goal' || event === 'save' || event === 'blocked' || event === 'miss';
    if (isShot) {
      this.#add('Shots', side);
      this.#add('Expected goals', side, expected);
      if (event === 'goal' || event === 'save') this.#add('On target', side);
      return true;
    }
    // safe: a name that is not among them is undefined
    const name = (counted as Readonly<Record<string, string | undefined>>)[event];
    if (name !== undefined) this.#add(name, side);
    return name !== undefined;
  }

  #basketball({ event, side, points = 0, other }: EventMoment): boolean {
    if (event === 'rebound') this.#add('Rebounds', side);
    else if (event === 'turnover') this.#add('Turnovers', side);
    else if (event === 'foul') this.#add('Fouls', side);
    else if (event === 'freeThrow') this.#add('Free throws', side);
    else if (event === 'basket' || event === 'dunk') {
      this.#add('Shots', side);
      this.#add('Field goals', side);
      if (points === 3) this.#add('Three-pointers', side);
      if (other !== undefined) this.#add('Assists', side);
    } else if (event === 'miss' && points > 1) this.#add('Shots', side);
    else return false;
    return true;
  }

  #add(name: string, side: Side, amount = 1): void {
    const row = this.#rows.get(name);
    if (row === undefined) return;
    const at = side === 'home' ? 1 : 2;
    row[at] = Math.round((row[at] + amount) * 100) / 100;
  }
}
