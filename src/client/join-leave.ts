/** Tells the server whether one channel wants joins and leaves, whenever that changes. */

import { toClientError } from './client-error.js';

interface JoinLeavePorts {
  isWanted(): boolean;
  isSubscribed(): boolean;
  /** Tells the server. Rejects as calls do. */
  tell(joinLeave: boolean): Promise<unknown>;
  /** Called when it was refused; it is tried again with the next subscription. */
  onRefused(error: unknown): void;
}

export class JoinLeave {
  /** What the subscription asks for when it is made and at each reconnect. */
  #asked = false;
  /** The last value that was sent to the server. */
  #known = false;
  #telling: Promise<void> | undefined;

  constructor(private readonly ports: JoinLeavePorts) {}

  /** What a new subscription has to ask for. */
  ask(): boolean {
    this.#asked = this.ports.isWanted();
    return this.#asked;
  }

  /** The server has got what the subscription asks for. */
  subscribed(): void {
    this.#known = this.#asked;
    void this.told();
  }

  /**
   * Resolves when the server knows what is wanted. One request at a time, as they may overtake each other over HTTP.
   */
  told(): Promise<void> {
    this.#telling ??= this.#tell().finally(() => {
      this.#telling = undefined;
    });
    return this.#telling;
  }

  async #tell(): Promise<void> {
    while (this.ports.isSubscribed() && this.#known !== this.ports.isWanted()) {
      this.#known = !this.#known;
      try {
        await this.ports.tell(this.#known);
      } catch (error) {
        // The next subscription sends it again.
        if (!toClientError(error).retryable) this.ports.onRefused(error);
      }
    }
  }
}
