/** Revoked tokens and blocked users: refused although the signature and the claims are valid. */

import { type Disconnect, disconnectCodes } from '../../model/codes.js';
import type { Identity } from '../ports/authenticator.js';
import type { Clock } from '../ports/clock.js';

/** One thing that was revoked; it stands until the Unix millisecond `untilMs`, for ever without. */
export type Revocation =
  | { readonly kind: 'token'; readonly tokenId: string; readonly untilMs?: number }
  /** Tokens of the user that were issued before that time, and tokens without `iat`. */
  | { readonly kind: 'userTokens'; readonly user: string; readonly beforeMs: number; readonly untilMs?: number }
  /** `atMs`: its time by the wall clock, for nodes that learn of it later than of its opposite. Default: now. */
  | { readonly kind: 'user'; readonly user: string; readonly untilMs?: number; readonly atMs?: number };

/** The connection or token that is checked. */
export type Revocable = Pick<Identity, 'user' | 'tokenId' | 'issuedAtMs'>;

interface Until {
  readonly untilMs: number;
}

/** How long an unblocking is remembered, to overrule nodes that still know the block. */
const unblockedMs = 3_600_000;

/**
 * Tokens carry their time in whole seconds, by the clock of their issuer: one that seems older than a revocation by up to
 * this much may have been issued after it.
 */
const clockToleranceMs = 10_000;

/** With fewer entries, a search for expired ones is not worth its time. */
const minSwept = 1_024;

/** Kept in this process, and sent to nodes that join. Expired entries are dropped whenever the number of entries has doubled. */
export class Revocations {
  readonly #tokens = new Map<string, Until>();
  readonly #userTokens = new Map<string, Until & { readonly beforeMs: number }>();
  readonly #users = new Map<string, Until & { readonly atMs: number }>();
  /** When users were unblocked. */
  readonly #unblocked = new Map<string, Until & { readonly atMs: number }>();
  #sweepAt = minSwept;

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.#tokens.size + this.#userTokens.size + this.#users.size;
  }

  /** Adds the time, for other nodes. */
  dated(revocation: Revocation): Revocation {
    if (revocation.kind !== 'user' || revocation.atMs !== undefined) return revocation;
    const unblockedAtMs = this.#unblocked.get(revocation.user)?.atMs ?? 0;
    return { ...revocation, atMs: Math.max(this.clock.wallMs(), unblockedAtMs + 1) };
  }

  /** The time of an unblocking now: later than everything that is known. */
  timeToUnblock(user: string): number {
    return Math.max(this.clock.wallMs(), (this.#users.get(user)?.atMs ?? 0) + 1);
  }

  /** @returns what was added, with its time */
  add(revocation: Revocation): Revocation {
    if (this.size + this.#unblocked.size >= this.#sweepAt) this.#dropLapsed();
    const untilMs = revocation.untilMs ?? Number.POSITIVE_INFINITY;
    const dated = this.dated(revocation);
    switch (dated.kind) {
      case 'token':
        this.#tokens.set(dated.tokenId, { untilMs });
        break;
      case 'user':
        this.#block(dated.user, untilMs, dated.atMs ?? 0);
        break;
      case 'userTokens': {
        // The later of two times includes the other.
        const beforeMs = Math.max(dated.beforeMs, this.#userTokens.get(dated.user)?.beforeMs ?? 0);
        this.#userTokens.set(dated.user, { untilMs, beforeMs });
      }
    }
    return dated;
  }

  /**
   * Unblocks a user. The later of two opposites applies, whatever their order of arrival.
   *
   * @param saidMs when it was said, by the wall clock
   * @returns that time
   */
  unblock(user: string, saidMs = this.timeToUnblock(user)): number {
    const nowMs = this.clock.wallMs();
    if (saidMs > (this.#users.get(user)?.atMs ?? 0)) this.#users.delete(user);
    const knownMs = this.#unblocked.get(user)?.atMs ?? 0;
    this.#unblocked.set(user, { atMs: Math.max(saidMs, knownMs), untilMs: nowMs + unblockedMs });
    return saidMs;
  }

  /** All valid revocations, for a new node. */
  all(): Revocation[] {
    const nowMs = this.clock.wallMs();
    const until = ({ untilMs }: Until) => (Number.isFinite(untilMs) ? { untilMs } : {});
    const standing = <T extends Until>(map: ReadonlyMap<string, T>) =>
      [...map].filter(([, entry]) => entry.untilMs > nowMs);
    return [
      ...standing(this.#tokens).map(([tokenId, entry]) => ({ kind: 'token', tokenId, ...until(entry) }) as const),
      ...standing(this.#userTokens).map(
        ([user, entry]) => ({ kind: 'userTokens', user, beforeMs: entry.beforeMs, ...until(entry) }) as const,
      ),
      ...standing(this.#users).map(
        ([user, entry]) => ({ kind: 'user', user, atMs: entry.atMs, ...until(entry) }) as const,
      ),
    ];
  }

  /** Recently unblocked users, with the time. */
  unblocked(): { readonly user: string; readonly atMs: number }[] {
    return [...this.#unblocked].map(([user, { atMs }]) => ({ user, atMs }));
  }

  #block(user: string, untilMs: number, saidMs: number): void {
    const unblockedAtMs = this.#unblocked.get(user)?.atMs ?? 0;
    const known = this.#users.get(user);
    if (saidMs > unblockedAtMs && saidMs >= (known?.atMs ?? 0)) this.#users.set(user, { untilMs, atMs: saidMs });
  }

  /** How the connection must be closed, or `undefined` when nothing was revoked. */
  find({ user, tokenId, issuedAtMs = 0 }: Revocable): Disconnect | undefined {
    const nowMs = this.clock.wallMs();
    const stands = (entry: Until | undefined): boolean => entry !== undefined && entry.untilMs > nowMs;
    if (stands(this.#users.get(user))) return disconnectCodes.forceNoReconnect;
    if (tokenId !== undefined && stands(this.#tokens.get(tokenId))) return disconnectCodes.invalidToken;
    const userTokens = this.#userTokens.get(user);
    const isOld = userTokens !== undefined && issuedAtMs < userTokens.beforeMs;
    return isOld && stands(userTokens) ? disconnectCodes.invalidToken : undefined;
  }

  /**
   * Whether the token is revoked only because its time is slightly too early, by less than clocks may differ. It is
   * refused, and another token with a later time may be accepted.
   */
  isByClock(who: Revocable): boolean {
    const { issuedAtMs } = who;
    if (issuedAtMs === undefined || this.find(who) === undefined) return false;
    return this.find({ ...who, issuedAtMs: issuedAtMs + clockToleranceMs }) === undefined;
  }

  #dropLapsed(): void {
    const nowMs = this.clock.wallMs();
    for (const map of [this.#tokens, this.#userTokens, this.#users, this.#unblocked]) {
      for (const [key, { untilMs }] of map) if (untilMs <= nowMs) map.delete(key);
    }
    this.#sweepAt = Math.max(minSwept, (this.size + this.#unblocked.size) * 2);
  }
}
