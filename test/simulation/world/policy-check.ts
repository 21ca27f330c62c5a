/**
 * Channels under a policy, which may leave something out: what comes is in order and comes once, nothing is left out for a
 * reader that was not slow, and in the end each has the newest. Each channel has one publisher, which knows the order.
 */

import type { TransportName } from '../../../src/client/transport-name.js';
import type { ClientNet } from '../network/client-net.js';
import { dropOldest, kindOfChannel } from './rules.js';

interface Value {
  readonly number: number;
  readonly invokedMs: number;
  ackedMs: number | undefined;
  /** Nobody knows whether it was published, or when it will be. */
  isUncertain: boolean;
}

interface Reader {
  readonly channel: string;
  readonly subscriber: string;
  readonly net: ClientNet;
  readonly transport: TransportName;
  readonly sinceMs: number;
  /** Numbers of what it got. */
  readonly got: number[];
}

export interface PolicyPorts {
  nowMs(): number;
  /** Whether something has been wrong on the way to the subscriber since then. */
  mayMiss(subscriber: string, sinceMs: number): boolean;
  /** So much has come within the last seconds that it may have been too much for anybody. */
  isFlooded(): boolean;
  report(text: string): void;
}

/** G2. */
const overdueMs = 20_000;
/** What is uncertain may be published so much later, by a node that has stood still. */
const uncertainMs = 45_000;

export class PolicyCheck {
  readonly #values = new Map<string, Value>();
  /** By channel, in the order of publishing. */
  readonly #ofChannel = new Map<string, Value[]>();
  readonly #readers = new Map<string, Reader>();

  constructor(private readonly ports: PolicyPorts) {}

  invoked(channel: string, value: string): void {
    const all = this.#ofChannel.get(channel) ?? [];
    this.#ofChannel.set(channel, all);
    const made = { number: all.length, invokedMs: this.ports.nowMs(), ackedMs: undefined, isUncertain: false };
    all.push(made);
    this.#values.set(`${channel} ${value}`, made);
  }

  acknowledged(channel: string, value: string): void {
    const known = this.#values.get(`${channel} ${value}`);
    if (known !== undefined) known.ackedMs ??= this.ports.nowMs();
  }

  /** Its publisher has not heard whether it is published, and goes on. */
  uncertain(channel: string, value: string): void {
    const known = this.#values.get(`${channel} ${value}`);
    if (known !== undefined) known.isUncertain = true;
  }

  subscribed(subscriber: string, channel: string, net: ClientNet, transport: TransportName): void {
    const sinceMs = this.ports.nowMs();
    this.#readers.set(`${subscriber} ${channel}`, { channel, subscriber, net, transport, sinceMs, got: [] });
  }

  delivered(subscriber: string, channel: string, value: string): void {
    const reader = this.#readers.get(`${subscriber} ${channel}`);
    const known = this.#values.get(`${channel} ${value}`);
    const what = `${subscriber} in ${channel} got ${value}`;
    if (known === undefined) this.ports.report(`G1 ${what}, which nobody has published`);
    else if (known.isUncertain) return;
    else if (reader === undefined) this.ports.report(`G1 ${what} without being subscribed`);
    else {
      const last = reader.got.at(-1) ?? -1;
      if (known.number === last) this.ports.report(`G3 ${what} twice`);
      else if (known.number < last)
        this.ports.report(`G1 ${what}, which is number ${known.number}, after number ${last}`);
      else if (last !== -1) this.#checkSkip(reader, last, known.number, what);
      reader.got.push(known.number);
    }
  }

  awayFrom(subscriber: string, channel: string): void {
    this.#readers.delete(`${subscriber} ${channel}`);
  }

  left(subscriber: string, channel: string): void {
    this.awayFrom(subscriber, channel);
  }

  away(subscriber: string): void {
    for (const [key, reader] of this.#readers) if (reader.subscriber === subscriber) this.#readers.delete(key);
  }

  /** Whether everybody has the newest of what was acknowledged by that time. */
  isBehind(byMs: number): boolean {
    return [...this.#readers.values()].some((reader) => this.#missing(reader, byMs) !== undefined);
  }

  /** @param byMs what was acknowledged by then is due */
  check(byMs: number): void {
    for (const reader of this.#readers.values()) {
      const missing = this.#missing(reader, byMs);
      if (missing === undefined || this.ports.mayMiss(reader.subscriber, missing.invokedMs)) continue;
      const { subscriber, channel, got } = reader;
      this.ports.report(
        `G2 ${subscriber} in ${channel} has not got number ${missing.number}, the newest; its last is ${got.at(-1) ?? 'none'}`,
      );
      this.#readers.delete(`${subscriber} ${channel}`);
    }
  }

  /** What is long overdue. */
  checkOverdue(): void {
    this.check(this.ports.nowMs() - overdueMs);
  }

  /** The newest that it should have by then, if it has neither that nor anything newer. */
  #missing({ channel, sinceMs, got }: Reader, byMs: number): Value | undefined {
    const all = this.#ofChannel.get(channel) ?? [];
    const due = all.findLast(({ ackedMs, invokedMs, isUncertain }) => {
      return ackedMs !== undefined && ackedMs <= byMs && invokedMs >= sinceMs && !isUncertain;
    });
    if (due === undefined || due.number <= (got.at(-1) ?? -1)) return undefined;
    // One that comes late may have taken its place.
    const mayBeReplaced = all.some(
      ({ isUncertain, invokedMs }) => isUncertain && invokedMs >= due.invokedMs - uncertainMs,
    );
    return mayBeReplaced ? undefined : due;
  }

  /** Something was left out: only what the policy lets go, of what was surely published. */
  #checkSkip(reader: Reader, last: number, number: number, what: string): void {
    const { channel, subscriber, net, transport } = reader;
    const between = (this.#ofChannel.get(channel) ?? []).slice(last + 1, number).filter(({ ackedMs, isUncertain }) => {
      return ackedMs !== undefined && !isUncertain;
    });
    const [first] = between;
    if (first === undefined || this.ports.mayMiss(subscriber, first.invokedMs)) return;
    const kind = kindOfChannel(channel);
    if (kind === 'rate') return;
    const wasSlow =
      net.isImpaired ||
      net.cutOffUntilMs >= first.invokedMs - overdueMs ||
      transport === 'long_polling' ||
      this.ports.isFlooded();
    if (!wasSlow)
      this.ports.report(`G2 ${what}, and ${between.length} before it were left out, though it was not slow`);
    else if (kind === 'drop' && number - last - 1 > 0 && between.length > 0) this.#checkDropped(reader, number, what);
  }

  /** Of those that wait, the newest stay: what comes after a gap has enough behind it to have pushed out what is missing. */
  #checkDropped({ channel }: Reader, number: number, what: string): void {
    const all = this.#ofChannel.get(channel) ?? [];
    const newer = all.length - number;
    // What may have been published late has pushed out something, too.
    const late = all.slice(0, number).filter(({ isUncertain, invokedMs }) => {
      return isUncertain && invokedMs >= this.ports.nowMs() - uncertainMs;
    });
    if (newer + late.length < dropOldest)
      this.ports.report(`G2 ${what}, with ${newer - 1} behind it, and what came before it was left out`);
  }
}
