/** Runs reloads one at a time; signals while the files are being read cause one more. */

export class ReloadTurns {
  #state: 'idle' | 'busy' | 'again' = 'idle';

  /** @param reload must not reject */
  constructor(private readonly reload: () => Promise<void>) {}

  begin(): void {
    if (this.#state === 'idle') void this.#run();
    else this.#state = 'again';
  }

  async #run(): Promise<void> {
    do {
      this.#state = 'busy';
      await this.reload();
    } while (this.#isWantedAgain());
    this.#state = 'idle';
  }

  #isWantedAgain(): boolean {
    return this.#state === 'again';
  }
}
