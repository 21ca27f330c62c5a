/** Every value that was published: whether it was acknowledged, and the one place that it may have (G1, G5, G6, G7). */

import type { Position } from '../../../src/model/position.js';
import type { HistoryEvent, PublishEvent, ViewEvent, Violation } from '../history.js';
import type { Faults } from './faults.js';
import type { CheckerLimits } from './limits.js';

type At<Event> = Event & { readonly atMs: number };

/** One value. */
export interface Sent {
  readonly channel: string;
  readonly invokedMs: number;
  ackedMs: number | undefined;
  attempts: number;
  /** The newest place that anybody has seen it at. */
  place: (Position & { readonly seenMs: number }) | undefined;
}

/** One life of a channel's history. */
class Stream {
  readonly values: (string | undefined)[] = [];
  readonly ackedMs: (number | undefined)[] = [];
  /** When something was acknowledged in it for the first time. */
  firstAckedMs: number | undefined;

  constructor(
    readonly epoch: string,
    /** Of its channel, in the order in which they were seen. */
    readonly number: number,
  ) {}
}

export class Ledger {
  readonly #sent = new Map<string, Sent>();
  /** By channel and epoch. */
  readonly #streams = new Map<string, Map<string, Stream>>();
  readonly #newestAckedInvokedMs = new Map<string, number>();
  #numAcked = 0;

  constructor(
    private readonly faults: Faults,
    private readonly limits: CheckerLimits,
    private readonly report: (line: Violation['line'], atMs: number, text: string) => void,
  ) {}

  get numSent(): number {
    return this.#sent.size;
  }

  get numAcked(): number {
    return this.#numAcked;
  }

  of(value: string): Sent | undefined {
    return this.#sent.get(value);
  }

  observe(event: At<PublishEvent>): void {
    const { channel, value, atMs } = event;
    const known = this.#sent.get(value);
    switch (event.kind) {
      case 'publish-invoked':
        if (known !== undefined) known.attempts++;
        else {
          this.#sent.set(value, { channel, invokedMs: atMs, ackedMs: undefined, attempts: 1, place: undefined });
        }
        return;
      case 'publish-ok':
        if (known !== undefined) this.#acknowledged(known, event);
        return;
      case 'publish-failed':
      case 'publish-unknown':
        // Either may have happened: nothing follows from it.
        return;
    }
  }

  /** Somebody has seen the value there. */
  seen(channel: string, value: string, position: Position, atMs: number, by: string): void {
    const sent = this.#sent.get(value);
    const where = `${channel} ${placeText(position)}`;
    if (sent === undefined || sent.channel !== channel) {
      this.report('G1', atMs, `${by} got ${value} at ${where}, which nobody has published there`);
      return;
    }
    const stream = this.#stream(channel, position.epoch);
    const occupant = stream.values[position.offset];
    if (occupant !== undefined && occupant !== value) {
      this.report('G5', atMs, `${where} is ${occupant} for one and ${value} for ${by}: history was rewritten`);
      return;
    }
    stream.values[position.offset] = value;
    const { place } = sent;
    if (place !== undefined && (place.epoch !== position.epoch || place.offset !== position.offset)) {
      const isExcused =
        place.epoch !== position.epoch &&
        this.faults.any(sent.invokedMs, atMs, ({ losesHistory }) => losesHistory !== undefined);
      if (!isExcused) {
        this.report(
          'G6',
          atMs,
          `${value} is at ${channel} ${placeText(place)} and, for ${by}, at ${placeText(position)}`,
        );
      }
    }
    sent.place = { ...position, seenMs: atMs };
  }

  /** Somebody was told of that life. */
  heardOf(channel: string, epoch: string): void {
    this.#stream(channel, epoch);
  }

  /** The first acknowledged publication behind the place: of the same life, or of one that has followed it. */
  firstAckedAfter(channel: string, { epoch, offset }: Position): Due | undefined {
    const streams = this.#streams.get(channel);
    const own = streams?.get(epoch);
    if (streams === undefined || own === undefined) return undefined;
    for (let n = offset + 1; n < own.ackedMs.length; n++) {
      const ackedMs = own.ackedMs[n];
      if (ackedMs !== undefined) return { place: { epoch, offset: n }, ackedMs };
    }
    for (const stream of streams.values()) {
      const { firstAckedMs: ackedMs } = stream;
      if (stream.number <= own.number || ackedMs === undefined) continue;
      return { place: { epoch: stream.epoch, offset: stream.ackedMs.indexOf(ackedMs) }, ackedMs };
    }
    return undefined;
  }

  /** Whether something that was sent after that time is acknowledged by now. */
  hasTakenSince(channel: string, sinceMs: number): boolean {
    return (this.#newestAckedInvokedMs.get(channel) ?? 0) > sinceMs;
  }

  valueAt(channel: string, { epoch, offset }: Position): string | undefined {
    return this.#streams.get(channel)?.get(epoch)?.values[offset];
  }

  /** When the publication at that place was sent for the first time. */
  madeMs(channel: string, position: Position): number | undefined {
    const value = this.valueAt(channel, position);
    return value === undefined ? undefined : this.#sent.get(value)?.invokedMs;
  }

  /** What is acknowledged must be in the history that the fleet shows, as far as that reaches back. */
  view({ channel, top, publications, atMs }: At<Extract<ViewEvent, { kind: 'history-view' }>>): void {
    const kept = new Set<number>();
    for (const { offset, value } of publications) {
      kept.add(offset);
      this.seen(channel, value, { offset, epoch: top.epoch }, atMs, 'a reader of the history');
    }
    const stream = this.#stream(channel, top.epoch);
    const oldest = Math.max(1, top.offset - this.limits.historySize + 1);
    for (let n = oldest; n < stream.ackedMs.length; n++) {
      const ackedMs = stream.ackedMs[n];
      if (ackedMs === undefined || kept.has(n) || ackedMs > atMs - this.limits.slackMs) continue;
      const text = `${stream.values[n]} was acknowledged at ${channel} ${n}, and the history up to ${top.offset} is without it`;
      this.report('G7', atMs, text);
    }
  }

  #acknowledged(sent: Sent, event: At<Extract<HistoryEvent, { kind: 'publish-ok' }>>): void {
    const { channel, value, position, atMs } = event;
    const during = [...this.faults.between(sent.invokedMs, atMs)];
    for (const { effects, name, beganMs, endedMs } of during) {
      const wasDownAllTheTime = beganMs < sent.invokedMs && (endedMs ?? Number.POSITIVE_INFINITY) > atMs;
      if (effects.stopsBroker === true && wasDownAllTheTime) {
        this.report('G7', atMs, `${value} was acknowledged while there was no broker (${name})`);
      }
    }
    if (sent.ackedMs === undefined) this.#numAcked++;
    sent.ackedMs ??= atMs;
    this.#newestAckedInvokedMs.set(channel, Math.max(sent.invokedMs, this.#newestAckedInvokedMs.get(channel) ?? 0));
    if (position === undefined) return;
    this.seen(channel, value, position, atMs, 'its publisher');
    const stream = this.#stream(channel, position.epoch);
    stream.ackedMs[position.offset] ??= atMs;
    stream.firstAckedMs ??= atMs;
  }

  #stream(channel: string, epoch: string): Stream {
    const streams = this.#streams.get(channel) ?? new Map<string, Stream>();
    this.#streams.set(channel, streams);
    const stream = streams.get(epoch) ?? new Stream(epoch, streams.size);
    streams.set(epoch, stream);
    return stream;
  }
}

/** Something that a subscriber has to get, or to hear about. */
export interface Due {
  readonly place: Position;
  readonly ackedMs: number;
}

export function placeText({ offset, epoch }: Position): string {
  return `${offset}@${epoch}`;
}
