/** Work of which only so much may be in progress at the same time: what comes later waits for its turn. */

export class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(numPlaces: number) {
    this.#free = numPlaces;
  }

  /** `undefined`: the caller has a place. Otherwise it has one when the promise resolves. Then {@link leave} has to follow. */
  enter(): Promise<void> | undefined {
    if (this.#free === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#free--;
    return undefined;
  }

  /** Gives the place to who has waited longest. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
