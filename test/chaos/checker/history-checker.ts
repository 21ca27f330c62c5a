/** Judges a history against the guarantees, while it happens or afterwards. Knows nothing of how it came about. */

import { assertNever } from '../../../src/model/assert-never.js';
import type { HistoryEvent, SubscriberEvent, Violation } from '../history.js';
import { ConnectionCheck } from './connection-check.js';
import { Faults } from './faults.js';
import { Ledger } from './ledger.js';
import { type CheckerLimits, defaultLimits } from './limits.js';
import { LiveFollower } from './live-follower.js';
import { PresenceCheck } from './presence-check.js';
import { type FollowerParts, StreamFollower } from './stream-follower.js';

/** How often what is due by a time is looked at. */
const tickMs = 250;
/** Further ones of a run that is broken anyway say nothing new. */
const maxViolations = 1_000;

/**
 * @example
 * const checker = new HistoryChecker();
 * for (const event of history) checker.observe(event);
 * checker.settle(endMs);
 * expect(checker.violations).toEqual([]);
 */
export class HistoryChecker {
  readonly violations: Violation[] = [];
  readonly #limits: CheckerLimits;
  readonly #faults = new Faults();
  readonly #ledger: Ledger;
  readonly #presence: PresenceCheck;
  readonly #connections: ConnectionCheck;
  readonly #followers = new Map<string, StreamFollower | LiveFollower>();
  readonly #live = new Map<string, LiveFollower[]>();
  readonly #connectionOf = new Map<string, string>();
  readonly #parts: FollowerParts;
  #numDelivered = 0;
  #lastTickMs = 0;

  constructor(limits: Partial<CheckerLimits> = {}) {
    this.#limits = { ...defaultLimits, ...limits };
    const report = (line: Violation['line'], atMs: number, text: string) => {
      if (this.violations.length < maxViolations) this.violations.push({ line, atMs, text });
    };
    this.#ledger = new Ledger(this.#faults, this.#limits, report);
    this.#presence = new PresenceCheck(this.#faults, this.#limits, report);
    this.#connections = new ConnectionCheck(this.#faults, this.#limits, report);
    this.#parts = {
      ledger: this.#ledger,
      faults: this.#faults,
      limits: this.#limits,
      report,
      silentUntilMs: (subscriber, sinceMs, nowMs) => {
        const node = this.#connections.nodeOf(subscriber);
        const isOfNode = (nodes: readonly string[] | undefined) => node !== undefined && nodes?.includes(node) === true;
        return this.#faults.lastMoment(sinceMs, nowMs, ({ silences }) => isOfNode(silences));
      },
      connectedMs: (subscriber) => this.#connections.connectedMs(subscriber),
      mayMiss: (subscriber, fromMs, toMs) => {
        const node = this.#connections.nodeOf(subscriber);
        const isOfNode = (nodes: readonly string[] | undefined) => node === undefined || nodes?.includes(node) === true;
        return this.#faults.any(fromMs, toMs, ({ silences, cuts, kills, stopsBroker }) => {
          return isOfNode(silences) || isOfNode(cuts) || isOfNode(kills) || stopsBroker === true;
        });
      },
    };
  }

  get numDelivered(): number {
    return this.#numDelivered;
  }

  get numPublished(): number {
    return this.#ledger.numSent;
  }

  get numAcknowledged(): number {
    return this.#ledger.numAcked;
  }

  /** Longest that a client of a killed node took to be connected elsewhere. */
  get longestAwayMs(): number {
    return this.#connections.longestAwayMs;
  }

  observe(event: HistoryEvent): void {
    if (event.atMs - this.#lastTickMs >= tickMs) this.check(event.atMs);
    switch (event.kind) {
      case 'publish-invoked':
      case 'publish-failed':
      case 'publish-unknown':
        this.#ledger.observe(event);
        return;
      case 'publish-ok':
        this.#ledger.observe(event);
        if (event.position === undefined) this.#acknowledgedLive(event.channel, event.value, event.atMs);
        return;
      case 'subscribed':
      case 'delivered':
      case 'subscribing':
      case 'unsubscribed':
        this.#subscriberEvent(event);
        return;
      case 'disconnected':
        if (event.code > 0 && event.code < 2_000) {
          this.#presence.lost(this.#connections.connectionOf(event.subscriber), event.atMs);
        }
        this.#connections.observe(event);
        return;
      case 'connected':
      case 'disconnect-ordered':
      case 'connection-ended':
        this.#connections.observe(event);
        return;
      case 'presence-view':
        this.#presence.viewed(event);
        return;
      case 'history-view':
        this.#ledger.view(event);
        return;
      case 'health-view':
        this.#connections.viewed(event);
        return;
      case 'fault-began':
        this.#faults.observe(event);
        this.#connections.faultBegan(event);
        return;
      case 'fault-ended':
        this.#faults.observe(event);
        return;
      default:
        assertNever(event);
    }
  }

  /** Judges what is due by now, also when nothing happens. */
  check(nowMs: number): void {
    this.#lastTickMs = nowMs;
    this.#presence.check(nowMs);
    this.#connections.check(nowMs);
    for (const follower of this.#followers.values()) follower.checkOverdue(nowMs);
  }

  /**
   * Nothing is wrong any more and there was time enough for everything: nobody may still miss anything that was
   * acknowledged before that time.
   */
  settle(nowMs: number, acknowledgedBeforeMs = Number.POSITIVE_INFINITY): void {
    this.check(nowMs);
    this.#presence.checkSettled();
    this.#connections.checkSettled(nowMs);
    for (const follower of this.#followers.values()) {
      if (!this.#connections.isGone(follower.subscriber)) follower.checkSettled(nowMs, acknowledgedBeforeMs);
    }
  }

  /** Who is not where it should be in the end: not subscribed, or without something acknowledged before that time. */
  behind(acknowledgedBeforeMs: number): string[] {
    return [...this.#followers.values()]
      .filter((one) => !this.#connections.isGone(one.subscriber) && one.isBehind(acknowledgedBeforeMs))
      .map(({ subscriber, channel }) => `${subscriber} in ${channel}`);
  }

  /** Whether each of these channels has taken something that was sent after that time. */
  haveTakenSince(channels: readonly string[], sinceMs: number): boolean {
    return channels.every((channel) => this.#ledger.hasTakenSince(channel, sinceMs));
  }

  #subscriberEvent(event: SubscriberEvent & { readonly atMs: number }): void {
    const { channel, subscriber, atMs } = event;
    const key = `${subscriber} ${channel}`;
    if (event.kind === 'delivered') this.#numDelivered++;
    if (event.kind === 'subscribed') {
      this.#connectionOf.set(key, event.connection);
      this.#presence.came(channel, event.connection, atMs);
    }
    const hasPosition = 'position' in event && event.position !== undefined;
    const known = this.#followers.get(key);
    // It has not been in yet.
    if (known === undefined && (event.kind === 'subscribing' || event.kind === 'unsubscribed')) return;
    const follower = known ?? this.#follow(key, channel, subscriber, hasPosition);
    switch (event.kind) {
      case 'subscribed':
        if (follower instanceof LiveFollower) follower.subscribed(atMs);
        else if (event.position !== undefined) follower.subscribed({ ...event, position: event.position });
        return;
      case 'delivered':
        if (follower instanceof LiveFollower) follower.delivered(event.value, atMs);
        else if (event.position !== undefined) follower.delivered({ ...event, position: event.position });
        return;
      case 'subscribing':
        // The connection is gone, or the server has ended the subscription: what presence then knows is not the client's doing.
        this.#presence.went(channel, this.#connectionOf.get(key) ?? '', event.code, false, atMs);
        follower.away(atMs);
        return;
      case 'unsubscribed':
        this.#presence.went(channel, this.#connectionOf.get(key) ?? '', event.code, true, atMs);
        if (follower instanceof LiveFollower) follower.away();
        else follower.left();
        this.#followers.delete(key);
        this.#live.set(
          channel,
          (this.#live.get(channel) ?? []).filter((one) => one !== follower),
        );
        return;
    }
  }

  #follow(key: string, channel: string, subscriber: string, hasPosition: boolean): StreamFollower | LiveFollower {
    if (hasPosition) {
      const made = new StreamFollower(channel, subscriber, this.#parts);
      this.#followers.set(key, made);
      return made;
    }
    const made = new LiveFollower(channel, subscriber, this.#parts);
    this.#followers.set(key, made);
    this.#live.set(channel, [...(this.#live.get(channel) ?? []), made]);
    return made;
  }

  #acknowledgedLive(channel: string, value: string, ackedMs: number): void {
    const sent = this.#ledger.of(value);
    if (sent === undefined || sent.attempts > 1) return;
    for (const follower of this.#live.get(channel) ?? []) follower.acknowledged(value, sent.invokedMs, ackedMs);
  }
}
