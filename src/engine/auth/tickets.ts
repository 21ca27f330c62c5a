/** One-time tickets: identities for connections that can only send a URL. */

import { disconnectCodes } from '../../model/codes.js';
import { type Authenticator, abilitiesOf, type Identity } from '../ports/authenticator.js';
import type { Clock, Random } from '../ports/clock.js';

/** Largest number of unused tickets; the oldest is dropped. */
const maxTickets = 100_000;

interface Ticket {
  readonly identity: Identity;
  readonly untilMs: number;
}

/** The tickets that this node has issued. Other nodes ask it for theirs. */
export class Tickets {
  /** In the order in which they were made. */
  readonly #tickets = new Map<string, Ticket>();

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  get size(): number {
    return this.#tickets.size;
  }

  /** @param ttlMs how long it can be used */
  issue(identity: Identity, ttlMs: number): string {
    const nowMs = this.clock.nowMs();
    for (const [ticket, { untilMs }] of this.#tickets) {
      if (untilMs > nowMs && this.#tickets.size < maxTickets) break;
      this.#tickets.delete(ticket);
    }
    const ticket = this.random.id();
    this.#tickets.set(ticket, { identity, untilMs: nowMs + ttlMs });
    return ticket;
  }

  /** Uses a ticket up; `undefined` when it is unknown, used or expired. */
  redeem(ticket: string): Identity | undefined {
    const found = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    return found !== undefined && found.untilMs > this.clock.nowMs() ? found.identity : undefined;
  }
}

/** Marks a ticket in place of a token. No token begins with a NUL. */
export const ticketPrefix = '\u0000ticket:';

/** Accepts tickets in addition to what the authenticator accepts. It keeps its abilities. */
export function acceptTickets(
  auth: Authenticator,
  redeem: (ticket: string) => Promise<Identity | undefined>,
): Authenticator {
  return {
    ...abilitiesOf(auth),
    async connect(attempt) {
      if (attempt.token?.startsWith(ticketPrefix) !== true) return auth.connect(attempt);
      const identity = await redeem(attempt.token.slice(ticketPrefix.length));
      return identity === undefined ? { ok: false, disconnect: disconnectCodes.invalidToken } : { ok: true, identity };
    },
  };
}
