/** One subscriber of a channel with history: each publication in its place, or a word about it (G1 to G5). */

import type { Position } from '../../../src/model/position.js';
import type { SubscriberEvent, Violation } from '../history.js';
import type { Faults } from './faults.js';
import { type Ledger, placeText } from './ledger.js';
import type { CheckerLimits } from './limits.js';

type Of<Kind extends SubscriberEvent['kind']> = Extract<SubscriberEvent, { kind: Kind }> & { readonly atMs: number };

export interface FollowerParts {
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly limits: CheckerLimits;
  readonly report: (line: Violation['line'], atMs: number, text: string) => void;
  /** The last moment since then at which nobody could be told anything, because the client's node stood still. */
  readonly silentUntilMs: (subscriber: string, sinceMs: number, nowMs: number) => number | undefined;
  /** Whether what was published at some time between the two may not have reached the client's node. */
  readonly mayMiss: (subscriber: string, fromMs: number, toMs: number) => boolean;
  /** Since when the client has had its connection, or that of before. */
  readonly connectedMs: (subscriber: string) => number;
}

export class StreamFollower {
  readonly #name: string;
  /** Up to where it has everything, or was told that it has not. */
  #at: Position | undefined;
  /** When it last knew that to be its place. */
  #confirmedMs = 0;
  /** When it asked for its subscription, at the earliest: its node may have looked at any moment from then on. */
  #askedMs = 0;
  #subscribedMs: number | undefined;
  /** When it was last without its subscription. */
  #awayMs = 0;
  /** Up to where it was told that it gets nothing, when it was told so last. */
  #givenUp: number | undefined;
  /** The one that was already reported as overdue. */
  #reported: number | undefined;

  constructor(
    readonly channel: string,
    readonly subscriber: string,
    private readonly parts: FollowerParts,
  ) {
    this.#name = `${subscriber} in ${channel}`;
  }

  subscribed(event: Of<'subscribed'> & { readonly position: Position }): void {
    const { position, recovered, wasRecovering, atMs } = event;
    const before = this.#at;
    const askedBeforeMs = this.#askedMs;
    // A client may ask for it together with its connection.
    this.#askedMs = Math.max(this.#awayMs, this.parts.connectedMs(this.subscriber) - this.parts.limits.slackMs);
    this.parts.ledger.heardOf(this.channel, position.epoch);
    if (before !== undefined) {
      if (recovered) this.#recovered(before, position, atMs);
      else if (wasRecovering) this.#notRecovered(before, askedBeforeMs, position, atMs);
      else this.#notAsked(before, position, atMs);
    }
    this.#givenUp = recovered ? undefined : position.offset;
    this.#at = position;
    this.#confirmedMs = atMs;
    this.#subscribedMs = atMs;
    this.#reported = undefined;
  }

  delivered({ value, position, atMs }: Of<'delivered'> & { readonly position: Position }): void {
    const { ledger, report } = this.parts;
    ledger.seen(this.channel, value, position, atMs, this.subscriber);
    const at = this.#at;
    const name = this.#name;
    if (at === undefined || this.#subscribedMs === undefined) {
      report('G1', atMs, `${name} got ${value} at ${placeText(position)} without being subscribed`);
    } else if (position.epoch !== at.epoch) {
      report('G5', atMs, `${name} got ${placeText(position)} of another epoch than its own, ${placeText(at)}`);
    } else if (position.offset <= at.offset) {
      const isSame = ledger.valueAt(this.channel, position) === value;
      const isPart = position.offset <= (this.#givenUp ?? 0);
      report(
        isPart ? 'G4' : isSame ? 'G3' : 'G1',
        atMs,
        `${name} got ${value} at ${placeText(position)} after ${at.offset}`,
      );
      return;
    } else if (position.offset > at.offset + 1) {
      report('G2', atMs, `${name} got ${placeText(position)} after ${at.offset}, and no word about what is between`);
    }
    this.#at = position;
    this.#confirmedMs = atMs;
  }

  /** It knows that it gets nothing for now. */
  away(atMs: number): void {
    this.#subscribedMs = undefined;
    this.#awayMs = atMs;
  }

  /** It wants nothing more. */
  left(): void {
    this.#subscribedMs = undefined;
    this.#at = undefined;
  }

  /** Whether something that it should have had by now has not come. */
  checkOverdue(nowMs: number): void {
    const at = this.#at;
    if (at === undefined || this.#subscribedMs === undefined || this.#reported === at.offset) return;
    const { ledger, limits, report, silentUntilMs } = this.parts;
    const next = ledger.firstAckedAfter(this.channel, at);
    if (next === undefined) return;
    const sinceMs = Math.max(next.ackedMs, this.#subscribedMs);
    const limitMs = limits.signalMs + limits.slackMs;
    if (nowMs - sinceMs < limitMs) return;
    const silentMs = silentUntilMs(this.subscriber, sinceMs, nowMs);
    if (silentMs !== undefined && nowMs - silentMs < limitMs) return;
    this.#reported = at.offset;
    const text = `${this.#name} is at ${placeText(at)}; ${placeText(next.place)} was acknowledged ${Math.round(nowMs - next.ackedMs)} ms ago, and neither it nor a word has come`;
    report('G2', nowMs, text);
  }

  isBehind(acknowledgedBeforeMs: number): boolean {
    if (this.#at === undefined) return false;
    if (this.#subscribedMs === undefined) return true;
    const next = this.parts.ledger.firstAckedAfter(this.channel, this.#at);
    return next !== undefined && next.ackedMs < acknowledgedBeforeMs;
  }

  /** The fleet is well and had time: everything acknowledged is there. */
  checkSettled(nowMs: number, acknowledgedBeforeMs: number): void {
    const at = this.#at;
    if (at === undefined) return;
    const { ledger, report } = this.parts;
    if (this.#subscribedMs === undefined) {
      report('G2', nowMs, `${this.#name} is not subscribed again, though nothing is wrong any more`);
      return;
    }
    const next = ledger.firstAckedAfter(this.channel, at);
    const isMissing = next !== undefined && next.ackedMs < acknowledgedBeforeMs;
    if (!isMissing || this.#reported === at.offset) return;
    report(
      'G2',
      nowMs,
      `${this.#name} is at ${placeText(at)} in the end; ${placeText(next.place)} was acknowledged and has not come`,
    );
  }

  #recovered(before: Position, position: Position, atMs: number): void {
    const { report } = this.parts;
    const text = `${this.#name} was at ${placeText(before)} and is told to have recovered`;
    if (position.epoch !== before.epoch) report('G5', atMs, `${text} in ${placeText(position)}`);
    else if (position.offset !== before.offset) report('G4', atMs, `${text} from ${placeText(position)}`);
    else if (this.#lossSince(this.#confirmedMs, this.#askedMs) === 'all') {
      report('G5', atMs, `${text}, though the history was lost`);
    }
  }

  #notRecovered(before: Position, askedMs: number, position: Position, atMs: number): void {
    const { report, limits } = this.parts;
    if (position.epoch !== before.epoch) {
      // After a restart, a node that comes back late still delivers what was published before it, and a slow client reads late.
      const madeMs = this.parts.ledger.madeMs(this.channel, before) ?? askedMs;
      if (this.#lossSince(Math.min(madeMs, this.#confirmedMs), atMs) !== 'none') return;
      report(
        'G5',
        atMs,
        `${this.#name} was at ${placeText(before)}, is now at ${placeText(position)}, and nothing was lost`,
      );
      return;
    }
    const missed = position.offset - before.offset;
    if (missed < 0) {
      report(
        'G5',
        atMs,
        `${this.#name} was at ${placeText(before)}, and the top is ${position.offset} in the same epoch`,
      );
      return;
    }
    const awayMs = atMs - this.#confirmedMs;
    const isWithin = missed <= Math.min(limits.historySize, limits.maxRecovered) && awayMs < limits.historyTtlMs;
    if (!isWithin) return;
    report(
      'G4',
      atMs,
      `${this.#name} missed ${missed} after ${placeText(before)} in ${Math.round(awayMs)} ms and was not given them`,
    );
  }

  #notAsked(before: Position, position: Position, atMs: number): void {
    if (position.epoch === before.epoch && position.offset === before.offset) return;
    const text = `${this.#name} was at ${placeText(before)} and is subscribed at ${placeText(position)} as if for the first time`;
    this.parts.report('G2', atMs, text);
  }

  #lossSince(sinceMs: number, atMs: number): 'none' | 'some' | 'all' {
    const { faults, limits } = this.parts;
    if (!faults.any(sinceMs - limits.slackMs, atMs, ({ losesHistory }) => losesHistory !== undefined)) return 'none';
    // Only what lies within the time is certain: a loss that is still going on may be yet to come.
    for (const { effects, beganMs, endedMs } of faults.between(sinceMs, atMs)) {
      if (effects.losesHistory === 'all' && beganMs > sinceMs && endedMs !== undefined && endedMs < atMs) return 'all';
    }
    return 'some';
  }
}
