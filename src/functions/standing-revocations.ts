/** The revocations of the store, as this process knows them: read again when they may be old. */

import type { Revocations } from '../engine/auth/revocations.js';
import type { Clock } from '../engine/ports/clock.js';
import type { RevocationStore } from './function-store.js';

/** Revocations take effect within 5 seconds (G9), and an event has other things to wait for. */
const maxAgeMs = 2_000;

export class StandingRevocations {
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(
    private readonly store: RevocationStore,
    private readonly revocations: Revocations,
    private readonly clock: Clock,
  ) {}

  /** Resolves when what was revoked more than {@link maxAgeMs} ago is known. Rejects as the store does. */
  async fresh(): Promise<void> {
    if (this.clock.nowMs() - this.#readAtMs < maxAgeMs) return;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #read(): Promise<void> {
    const readAtMs = this.clock.nowMs();
    const { revoked, unblocked } = await this.store.all();
    for (const revocation of revoked) this.revocations.add(revocation);
    for (const { user, atMs } of unblocked) this.revocations.unblock(user, atMs);
    this.#readAtMs = readAtMs;
  }
}
