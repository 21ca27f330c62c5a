/** The last messages of a kind with numbers, so that a client that comes back can be given what it has missed. */

import { randomUUID } from 'node:crypto';

export interface Numbered<Item> {
  /** Another one after a restart of the server: numbers begin again. */
  readonly epoch: string;
  readonly number: number;
  readonly item: Item;
}

export interface Position {
  readonly epoch: string;
  readonly number: number;
}

export class NumberedLog<Item> {
  readonly #size: number;
  readonly #epoch = randomUUID();
  #items: Numbered<Item>[] = [];
  #last = 0;

  constructor(size: number) {
    this.#size = size;
  }

  add(item: Item): Numbered<Item> {
    this.#last += 1;
    const numbered = { epoch: this.#epoch, number: this.#last, item };
    this.#items.push(numbered);
    if (this.#items.length > this.#size) this.#items = this.#items.slice(-this.#size);
    return numbered;
  }

  /** What came after a position; everything that is kept if it is unknown, of another epoch, or too old. */
  since(position: Position | undefined): { readonly isWhole: boolean; readonly items: readonly Numbered<Item>[] } {
    const first = this.#items[0]?.number ?? this.#last + 1;
    const isKnown = position !== undefined && position.epoch === this.#epoch && position.number >= first - 1;
    if (!isKnown) return { isWhole: true, items: this.#items };
    return { isWhole: false, items: this.#items.filter(({ number }) => number > position.number) };
  }
}
