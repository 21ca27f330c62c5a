/** Reloads take their turns: one at a time, and signals that come while the files are read are one more. */

export class ReloadTurns {
  readonly #reload: () => Promise<void>;
  #state: 'idle' | 'busy' | 'again' = 'idle';

  /** @param reload must not reject */
  constructor(reload: () => Promise<void>) {
    this.#reload = reload;
  }

  begin(): void {
    if (this.#state === 'idle') void this.#run();
    else this.#state = 'again';
  }

  async #run(): Promise<void> {
    do {
      this.#state = 'busy';
      await this.#reload();
    } while (this.#isWantedAgain());
    this.#state = 'idle';
  }

  #isWantedAgain(): boolean {
    return this.#state === 'again';
  }
}
