/** The scoreboard: the best, and the own place if it is not among them. */

import type { Score } from '../rooms/seat.js';
import { byId, element } from './elements.js';
import type { Colours } from './palette.js';

const numShown = 8;

export class ScoresView {
  readonly #board = byId('scores', HTMLElement);
  readonly #list = byId('score-list', HTMLOListElement);
  readonly #own = byId('own-points', HTMLElement);

  constructor(private readonly colours: Colours) {}

  render(scores: readonly (readonly [player: string, score: Score])[], player: string | undefined): void {
    const ranked = scores.toSorted(([, a], [, b]) => b.points - a.points || a.slot - b.slot);
    const rows = ranked.map(([id, score], index) => ({ score, rank: index + 1, isOwn: id === player }));
    const own = rows.find(({ isOwn }) => isOwn);
    const shown = rows.slice(0, numShown);
    if (own !== undefined && own.rank > numShown) shown.splice(-1, 1, own);
    this.#board.hidden = false;
    this.#list.replaceChildren(...shown.map((row) => this.#row(row)));
    this.#own.hidden = own === undefined;
    this.#own.textContent = own === undefined ? '' : String(own.score.points);
  }

  hide(): void {
    this.#board.hidden = true;
    this.#own.hidden = true;
  }

  #row({ score, rank, isOwn }: { readonly score: Score; readonly rank: number; readonly isOwn: boolean }): HTMLElement {
    const mark = element('span', 'mark');
    mark.style.backgroundColor = this.colours.ofShip(score.slot)[0];
    const name = element('span', 'name', score.name);
    if (score.isBot) name.append(' ', element('span', 'bot', 'bot'));
    const row = element('li', isOwn ? 'own' : '', element('span', 'rank', String(rank)), mark, name);
    row.append(element('span', 'points', String(score.points)));
    return row;
  }
}
