/** Whether presence is the truth: nobody missing who is there, no ghost of somebody who has left (G8). */

import type { ViewEvent, Violation } from '../history.js';
import type { Faults } from './faults.js';
import type { CheckerLimits } from './limits.js';

type View = Extract<ViewEvent, { kind: 'presence-view' }> & { readonly atMs: number };

interface Stay {
  readonly fromMs: number;
  toMs: number | undefined;
  /** It was not seen out: its node or its connection died. */
  wasLost: boolean;
  /** Its server has ended it, and the word about it may have been under way for as long as any. */
  wasTold: boolean;
}

interface Missing {
  readonly channel: string;
  readonly connection: string;
  readonly node: string;
  readonly stay: Stay;
  readonly atMs: number;
}

/**
 * Seen after it had left, which counts unless it was on its way back, since whoever is asked knows of that before its client; or
 * its connection turns out to have been dead when it left.
 */
interface Ghost {
  readonly key: readonly [channel: string, connection: string];
  readonly stay: Stay;
  readonly atMs: number;
  /** How long it had been gone, or everything well again. */
  readonly goneMs: number;
  readonly text: string;
}

export class PresenceCheck {
  /** By channel and connection. */
  readonly #stays = new Map<string, Map<string, Stay>>();
  readonly #strangers = new Map<string, number>();
  /** Absences that count if the client turns out to have stayed. */
  #missing: Missing[] = [];
  #ghosts: Ghost[] = [];

  constructor(
    private readonly faults: Faults,
    private readonly limits: CheckerLimits,
    private readonly report: (line: Violation['line'], atMs: number, text: string) => void,
  ) {}

  came(channel: string, connection: string, atMs: number): void {
    const stays = this.#stays.get(channel) ?? new Map<string, Stay>();
    this.#stays.set(channel, stays);
    const before = stays.get(connection);
    if (before !== undefined) before.toMs ??= atMs;
    stays.set(connection, { fromMs: atMs, toMs: undefined, wasLost: false, wasTold: false });
    this.#strangers.delete(`${channel} ${connection}`);
  }

  /** @param code with which it has lost the channel; the server's from 2000 on */
  went(channel: string, connection: string, code: number, isLeaving: boolean, atMs: number): void {
    const stay = this.#stays.get(channel)?.get(connection);
    if (stay === undefined || stay.toMs !== undefined) return;
    stay.toMs = atMs;
    stay.wasLost = !isLeaving && code < 2_000;
    stay.wasTold = code >= 2_000;
  }

  /** Its connection was dead when it noticed, and before: nobody may have heard what it has left since then. */
  lost(connection: string | undefined, atMs: number): void {
    for (const stays of this.#stays.values()) {
      const stay = connection === undefined ? undefined : stays.get(connection);
      if (stay?.toMs !== undefined && stay.toMs >= atMs - this.limits.signalMs) stay.wasLost = true;
    }
  }

  viewed({ channel, node, connections, held, atMs }: View): void {
    const stays = this.#stays.get(channel) ?? new Map<string, Stay>();
    for (const connection of connections) {
      const stay = stays.get(connection);
      if (stay === undefined) this.#stranger(channel, connection, node, atMs);
      else if (stay.toMs !== undefined) this.#checkGone(channel, connection, node, stay, stay.toMs, atMs);
    }
    const seen = new Set(connections);
    for (const [connection, stay] of stays) {
      if (stay.toMs !== undefined || seen.has(connection)) continue;
      // Its node has ended it, and its client is yet to hear of that.
      if (held?.has(connection) === false) continue;
      if (stay.fromMs + this.limits.presenceMs + this.limits.slackMs > atMs) continue;
      this.#missing.push({ channel, connection, node, stay, atMs });
    }
    this.#forget(stays, atMs);
  }

  /** Judges what was seen long enough ago to know whether the client was leaving, or coming back. */
  check(nowMs: number): void {
    const { presenceMs, signalMs, slackMs } = this.limits;
    const later: Missing[] = [];
    for (const one of this.#missing) {
      if (nowMs - one.atMs < presenceMs + slackMs) later.push(one);
      else this.#checkMissing(one);
    }
    this.#missing = later;
    // By then a client knows if its connection was dead when it left.
    this.#judgeGhosts(nowMs - signalMs - slackMs);
  }

  /** Nobody comes back any more. */
  checkSettled(): void {
    this.#judgeGhosts(Number.POSITIVE_INFINITY);
  }

  /** @param byMs those that were seen by then */
  #judgeGhosts(byMs: number): void {
    const { presenceExpiryMs, slackMs } = this.limits;
    this.#ghosts = this.#ghosts.filter(({ key: [channel, connection], stay, atMs, goneMs, text }) => {
      if (atMs > byMs) return true;
      const isDue = !stay.wasLost || goneMs > presenceExpiryMs + slackMs;
      if (isDue && this.#stays.get(channel)?.get(connection) === stay) this.report('G8', atMs, text);
      return false;
    });
  }

  #checkMissing({ channel, connection, node, stay, atMs }: Missing): void {
    // It was leaving: whoever was asked knew first.
    if (stay.toMs !== undefined && stay.toMs <= atMs + this.limits.presenceMs) return;
    const { presenceExpiryMs, readinessMs, slackMs } = this.limits;
    const expirySinceMs = atMs - presenceExpiryMs - slackMs;
    if (this.faults.any(expirySinceMs, atMs, ({ losesPresence }) => losesPresence === true)) return;
    const hiddenSinceMs = atMs - readinessMs - slackMs;
    if (this.faults.any(hiddenSinceMs, atMs, ({ hidesPresence }) => hidesPresence === true)) return;
    const text = `${connection} has been in ${channel} for ${Math.round(atMs - stay.fromMs)} ms and is not present, says ${node}`;
    this.report('G8', atMs, text);
  }

  #checkGone(channel: string, connection: string, node: string, stay: Stay, toMs: number, atMs: number): void {
    const { presenceMs, presenceExpiryMs, signalMs, slackMs } = this.limits;
    // With a fault about, it could not be taken out, or what was known of it was lost with its node.
    const sinceMs = toMs - (stay.wasTold ? signalMs : 0) - slackMs;
    const isHard = stay.wasLost || this.faults.any(sinceMs, atMs, () => true);
    const limitMs = (isHard ? presenceExpiryMs : presenceMs) + slackMs;
    // What a black hole has swallowed comes out when it ends, and with it the renewal of somebody who has left since.
    const healedMs = this.faults.lastMoment(toMs, atMs, ({ cuts, silences }) => (cuts ?? silences) !== undefined);
    const goneMs = atMs - (healedMs ?? toMs);
    if (goneMs <= limitMs) return;
    const text = `${connection} has left ${channel} ${Math.round(atMs - toMs)} ms ago and is still present, says ${node}`;
    this.#ghosts.push({ key: [channel, connection], stay, atMs, goneMs, text });
  }

  /** Its client has not heard yet that it is in, or never will: then it has to go like everybody who was lost. */
  #stranger(channel: string, connection: string, node: string, atMs: number): void {
    const key = `${channel} ${connection}`;
    const sinceMs = this.#strangers.get(key);
    if (sinceMs === undefined) {
      this.#strangers.set(key, atMs);
      return;
    }
    const { presenceExpiryMs, slackMs } = this.limits;
    if (atMs - sinceMs <= presenceExpiryMs + slackMs) return;
    this.#strangers.delete(key);
    this.report('G8', atMs, `${connection} is present in ${channel}, says ${node}, and no client knows of it`);
  }

  #forget(stays: Map<string, Stay>, atMs: number): void {
    const { presenceExpiryMs } = this.limits;
    for (const [connection, { toMs }] of stays) {
      // A ghost is kept in mind for as long again as it might take to be found.
      if (toMs !== undefined && atMs - toMs > presenceExpiryMs * 10) stays.delete(connection);
    }
  }
}
