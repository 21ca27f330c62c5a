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
}

export class Ledger {
  readonly #sent = new Map<string, Sent>();
  readonly #streams = new Map<string, Stream>();
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

  /** The first acknowledged publication of that life behind the offset. */
  firstAckedAfter(
    channel: string,
    { epoch, offset }: Position,
  ): { readonly offset: number; readonly ackedMs: number } | undefined {
    const stream = this.#streams.get(`${channel} ${epoch}`);
    if (stream === undefined) return undefined;
    for (let n = offset + 1; n < stream.ackedMs.length; n++) {
      const ackedMs = stream.ackedMs[n];
      if (ackedMs !== undefined) return { offset: n, ackedMs };
    }
    return undefined;
  }

  valueAt(channel: string, { epoch, offset }: Position): string | undefined {
    return this.#streams.get(`${channel} ${epoch}`)?.values[offset];
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
    if (position === undefined) return;
    this.seen(channel, value, position, atMs, 'its publisher');
    const stream = this.#stream(channel, position.epoch);
    stream.ackedMs[position.offset] ??= atMs;
  }

  #stream(channel: string, epoch: string): Stream {
    const key = `${channel} ${epoch}`;
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    const made = new Stream();
    this.#streams.set(key, made);
    return made;
  }
}

export function placeText({ offset, epoch }: Position): string {
  return `${offset}@${epoch}`;
}
