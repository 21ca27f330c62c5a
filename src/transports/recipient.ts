/** Who waits for the answer to a request, and may leave before it comes. */

/** An `AbortSignal` would do, but on Node 20 making one is an eighth of what a poll costs. */
export class Recipient {
  #hasLeft = false;
  #onLeave: (() => void) | undefined;

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** Called once if it leaves from now on; one listener at a time. */
  onLeave(listener: () => void): void {
    this.#onLeave = listener;
  }

  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#onLeave?.();
  }
}
