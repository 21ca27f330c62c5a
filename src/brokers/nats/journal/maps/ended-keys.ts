/**
 * Removes keys whose time is over, whichever node has set them. The stream has a message for each second in which a key
 * may end. Every node looks at a second when it has passed, each at another moment of it, so that the first one mostly
 * does the work; that a key is removed once is ensured by the change itself.
 */

import type { Cancel, Clock, Random } from '../../../../engine/ports/clock.js';
import type { Logger } from '../../../../engine/ports/logger.js';
import type { ChannelName } from '../../../../model/channel-name.js';
import type { KeyedStream } from '../keyed-stream.js';
import type { ServerTime } from '../server-time.js';
import type { MapSubjects } from './map-subjects.js';

interface EndedKeysPorts {
  readonly stream: KeyedStream;
  readonly names: MapSubjects;
  readonly time: ServerTime;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Removes a key if its time is over, and says when to look again if it is not. */
  readonly end: (channel: ChannelName, key: string) => Promise<unknown>;
}

/**
 * A change may be stored some seconds after its time was read: so long after it, each second is looked at once more, by
 * any node.
 */
const lateSec = 30;
/** How often that is done. */
const sweepEverySec = 10;
/** After a longer time without any node, all seconds are looked at together. */
const maxSecondsOneByOne = 120;
/** Keys that are removed at the same time. */
const concurrency = 1_000;

export class EndedKeys {
  /** The last second that this node has looked at; 0 before it knows of keys that end. */
  #doneSec = 0;
  #sweepAtSec = 0;
  #tick: Cancel | undefined;
  #isClosed = false;

  constructor(private readonly ports: EndedKeysPorts) {}

  /** Idempotent. */
  start(): void {
    if (this.#tick === undefined) this.#schedule();
  }

  /** Called before a key is set that ends. @throws FanfareError `ERR_BROKER` */
  async expect(): Promise<void> {
    if (this.#doneSec > 0) return;
    const { stream, names } = this.ports;
    const nowSec = this.#nowSec();
    await stream.store({ subject: names.swept, text: String(nowSec - 1) }, { subject: names.swept, seq: 0 });
    this.#doneSec ||= nowSec - 1;
  }

  /** What is known of the stream is outdated. */
  forget(): void {
    this.#doneSec = 0;
  }

  close(): void {
    this.#isClosed = true;
    this.#tick?.();
  }

  #nowSec(): number {
    return Math.floor(this.ports.time.nowMs() / 1_000);
  }

  #schedule(): void {
    const { clock, random, log } = this.ports;
    if (this.#isClosed) return;
    this.#tick = clock.schedule(
      () => {
        this.#work()
          .catch((err: unknown) => log.debug({ err }, 'ended keys of maps could not be removed yet'))
          .finally(() => this.#schedule());
      },
      600 + random.unit() * 300,
    );
  }

  async #work(): Promise<void> {
    const nowSec = this.#nowSec();
    if (this.#doneSec === 0 && nowSec < this.#sweepAtSec) return;
    if (this.#doneSec === 0 || nowSec >= this.#sweepAtSec) await this.#sweep(nowSec);
    if (this.#doneSec === 0) return;
    await this.#lookThrough(this.#doneSec, nowSec);
    this.#doneSec = nowSec;
  }

  /** Looks again at what other nodes have looked at, or at what nobody has, if none was there. */
  async #sweep(nowSec: number): Promise<void> {
    const { stream, names } = this.ports;
    this.#sweepAtSec = nowSec + sweepEverySec;
    const mark = await stream.read({ last_by_subj: names.swept });
    // No key ends.
    if (mark === undefined) return;
    const swept = Number(mark.text);
    this.#doneSec ||= Math.min(swept, nowSec);
    const until = nowSec - lateSec;
    if (until - swept < sweepEverySec) return;
    await this.#lookThrough(swept, until);
    await stream.store({ subject: names.swept, text: String(until) });
  }

  /** @param after the second before the first */
  async #lookThrough(after: number, until: number): Promise<void> {
    if (until - after > maxSecondsOneByOne) {
      await this.#lookAt(undefined, until);
      return;
    }
    for (let second = after + 1; second <= until; second++) await this.#lookAt(second, until);
  }

  /** @param second absent: all that have passed */
  async #lookAt(second: number | undefined, until: number): Promise<void> {
    const { stream, names, end } = this.ports;
    const { subjects, lastSeq } = await stream.subjects(names.ends(second));
    const ends = subjects
      .map((subject) => names.endOf(subject))
      .filter((one) => one !== undefined && one.second <= until);
    for (let at = 0; at < ends.length; at += concurrency) {
      await Promise.all(ends.slice(at, at + concurrency).map((one) => one && end(one.channel, one.key)));
    }
    for (const passed of new Set(ends.map((one) => one?.second))) await stream.drop(names.ends(passed), lastSeq);
  }
}
