/** Data that is decided and not appended yet: how a state keeps it, and how it comes into the history, once. */

import type { Publishing } from '../../engine/channels/publishing.js';
import { type HistoryStore, idempotencyWindowMs } from '../../engine/ports/broker.js';
import type { Clock } from '../../engine/ports/clock.js';
import { defined } from '../../model/defined.js';
import { trustedJsonText } from '../../model/json-text.js';
import { isBytes, type Payload, payloadFromText, payloadText } from '../../model/payload.js';
import type { Position } from '../../model/position.js';
import type { ClientInfo } from '../../model/publication.js';
import type { PendingParts } from './pending-parts.js';
import type { Pending, StreamState } from './stream-state.js';
import type { StreamTarget } from './target.js';

export interface PendingPorts {
  readonly parts: PendingParts;
  readonly history: HistoryStore;
  readonly publishing: Pick<Publishing, 'publish'>;
  readonly clock: Clock;
}

/** The first messages of what was looked for. */
interface Found {
  readonly count: number;
  readonly tail: Position;
}

/** So many messages are published in one turn of the event loop, where the broker is in this process. */
const messagesPerTurn = 256;
/** Characters of data in a state, which is one message of a broker; longer data is beside it. */
const maxTextsLength = 262_144;
/** Older data may be appended already, and the broker has forgotten its keys: it is looked for. */
const safeAgeMs = idempotencyWindowMs * 0.8;
const pageSize = 1_000;

export class PendingData {
  constructor(private readonly ports: PendingPorts) {}

  /**
   * As a state has it; long data is written beside the state before.
   *
   * @param after where the stream ends at least
   * @throws FanfareError `ERR_BROKER`
   */
  async keep(
    { place, rule }: StreamTarget,
    payloads: readonly Payload[],
    info: ClientInfo | undefined,
    after: Position,
  ): Promise<Pending> {
    const texts: readonly string[] = payloads.map(payloadText);
    const isLong = texts.reduce((sum, text) => sum + text.length, 0) > maxTextsLength;
    return {
      atMs: this.ports.clock.wallMs(),
      after,
      areBytes: payloads.some(isBytes),
      texts: isLong ? [] : [...texts],
      ...(isLong && { parts: await this.ports.parts.write(place, texts, rule) }),
      ...defined({ info }),
    };
  }

  /**
   * Happens once, however often and by whom it is called.
   *
   * @returns the end of the data; `undefined`: somebody has appended it, and removed what was beside the state
   * @throws FanfareError `ERR_BROKER`
   */
  async append(target: StreamTarget, state: StreamState, pending: Pending): Promise<Position | undefined> {
    const { publishing, clock, parts } = this.ports;
    const { atMs, after, areBytes, info } = pending;
    const texts = pending.parts === undefined ? pending.texts : await parts.read(target.place, pending.parts);
    if (texts === undefined) return undefined;
    const isOld = clock.wallMs() - atMs > safeAgeMs;
    let { count, tail } = isOld ? await this.#find(target, after, texts) : { count: 0, tail: after };
    // One after the other: a message that fails must not be behind the next one.
    for (; count < texts.length; count++) {
      const data = payloadFromText(trustedJsonText(texts[count] ?? ''), areBytes);
      const idempotencyKey = `${state.life}.${state.number}.${count}`;
      const options = { idempotencyKey, ...defined({ info }) };
      tail = (await publishing.publish(target.channel, target.rule, data, options)).position;
      if (count % messagesPerTurn === messagesPerTurn - 1) await new Promise<void>((next) => clock.afterTurn(next));
    }
    return tail;
  }

  /** What was beside the state, now that it is appended. @throws FanfareError `ERR_BROKER` */
  async forget({ place }: StreamTarget, { parts }: Pending): Promise<void> {
    if (parts !== undefined) await this.ports.parts.remove(place, parts);
  }

  /** How much of this data is in the history, and where that ends. What is dropped by now was there. */
  async #find({ channel }: StreamTarget, after: Position, texts: readonly string[]): Promise<Found> {
    const seen: string[] = [];
    for (let since = after; ; ) {
      const page = await this.ports.history.read(channel, { since, limit: pageSize, reverse: false });
      if (!page.continuous) {
        const isDropped = page.top.epoch === after.epoch;
        return isDropped ? { count: texts.length, tail: page.top } : { count: 0, tail: after };
      }
      for (const { data } of page.publications) seen.push(payloadText(data));
      const last = page.publications.at(-1);
      if (last === undefined) break;
      since = { ...since, offset: last.offset };
    }
    let best: Found = { count: 0, tail: after };
    for (const at of seen.keys()) {
      let count = 0;
      while (count < texts.length && seen[at + count] === texts[count]) count++;
      if (count > best.count) best = { count, tail: { ...after, offset: after.offset + at + count } };
    }
    return best;
  }
}
