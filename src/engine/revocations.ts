/** Tokens and users that are not let in any more, though their tokens are good. */

import { type Disconnect, disconnectCodes } from '../model/codes.js';
import type { Identity } from './auth/authenticator.js';
import type { Clock } from './clock.js';

/** One thing that was revoked; it stands until the Unix millisecond `untilMs`, for ever without. */
export type Revocation =
  | { readonly kind: 'token'; readonly tokenId: string; readonly untilMs?: number }
  /** Tokens of the user that were made before, and those that do not say when they were made. */
  | { readonly kind: 'userTokens'; readonly user: string; readonly beforeMs: number; readonly untilMs?: number }
  | { readonly kind: 'user'; readonly user: string; readonly untilMs?: number };

/** Who is judged. */
export type Revocable = Pick<Identity, 'user' | 'tokenId' | 'issuedAtMs'>;

interface Until {
  readonly untilMs: number;
}

/** Below so many, lapsed entries are not worth looking for. */
const minSwept = 1_024;

/** Kept in this process. Entries that have lapsed are dropped when there are twice as many as after the last time. */
export class Revocations {
  readonly #tokens = new Map<string, Until>();
  readonly #userTokens = new Map<string, Until & { readonly beforeMs: number }>();
  readonly #users = new Map<string, Until>();
  #sweepAt = minSwept;

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.#tokens.size + this.#userTokens.size + this.#users.size;
  }

  add(revocation: Revocation): void {
    if (this.size >= this.#sweepAt) this.#dropLapsed();
    const untilMs = revocation.untilMs ?? Number.POSITIVE_INFINITY;
    switch (revocation.kind) {
      case 'token':
        this.#tokens.set(revocation.tokenId, { untilMs });
        break;
      case 'user':
        this.#users.set(revocation.user, { untilMs });
        break;
      case 'userTokens': {
        // The later of two times says more.
        const beforeMs = Math.max(revocation.beforeMs, this.#userTokens.get(revocation.user)?.beforeMs ?? 0);
        this.#userTokens.set(revocation.user, { untilMs, beforeMs });
      }
    }
  }

  /** Lets a blocked user in again. */
  unblock(user: string): void {
    this.#users.delete(user);
  }

  /** How the connection ends, or `undefined` when nothing stands against it. */
  find({ user, tokenId, issuedAtMs = 0 }: Revocable): Disconnect | undefined {
    const nowMs = this.clock.wallMs();
    const stands = (entry: Until | undefined): boolean => entry !== undefined && entry.untilMs > nowMs;
    if (stands(this.#users.get(user))) return disconnectCodes.forceNoReconnect;
    if (tokenId !== undefined && stands(this.#tokens.get(tokenId))) return disconnectCodes.invalidToken;
    const userTokens = this.#userTokens.get(user);
    const isOld = userTokens !== undefined && issuedAtMs < userTokens.beforeMs;
    return isOld && stands(userTokens) ? disconnectCodes.invalidToken : undefined;
  }

  #dropLapsed(): void {
    const nowMs = this.clock.wallMs();
    for (const map of [this.#tokens, this.#userTokens, this.#users]) {
      for (const [key, { untilMs }] of map) if (untilMs <= nowMs) map.delete(key);
    }
    this.#sweepAt = Math.max(minSwept, this.size * 2);
  }
}
