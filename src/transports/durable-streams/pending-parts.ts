/** Data that is decided and too long for the state of its stream: in keys of its own, beside the state. */

import * as v from 'valibot';
import type { Rule } from '../../engine/channels/rule.js';
import type { Random } from '../../engine/ports/clock.js';
import type { MapStore } from '../../engine/ports/map-store.js';
import type { ChannelName } from '../../model/channel-name.js';
import { fromJsonText, toJsonText, trustedJsonText } from '../../model/json-text.js';
import { isBytes, payloadJson } from '../../model/payload.js';
import { limitsOfState, stateTtlMs } from './stream-state.js';

/** Characters of one part, unless its first text has more: one message of a broker. */
const maxPartLength = 262_144;
const nothing = trustedJsonText('null');
const texts = v.array(v.string());

export class PendingParts {
  constructor(
    private readonly maps: MapStore,
    private readonly random: Random,
  ) {}

  /**
   * The keys of the parts in which the texts are now. Without a state that names them they go by themselves.
   *
   * @throws FanfareError `ERR_BROKER`
   */
  async write(place: ChannelName, all: readonly string[], rule: Rule): Promise<string[]> {
    const keys: string[] = [];
    for (const part of partsOf(all)) {
      const key = this.random.id();
      const data = toJsonText(part) ?? nothing;
      const outcome = await this.maps.set(place, { key, data }, { limits: limitsOfState, ttlMs: stateTtlMs(rule) });
      if (!outcome.ok) throw new Error('there is no room for the data of a stream');
      keys.push(key);
    }
    return keys;
  }

  /** @returns the texts; `undefined` if a part is gone @throws FanfareError `ERR_BROKER` */
  async read(place: ChannelName, keys: readonly string[]): Promise<string[] | undefined> {
    const all: string[] = [];
    for (const key of keys) {
      const { entry } = await this.maps.get(place, key);
      if (entry === undefined || isBytes(entry.data)) return undefined;
      for (const text of v.parse(texts, fromJsonText(payloadJson(entry.data)))) all.push(text);
    }
    return all;
  }

  /** @throws FanfareError `ERR_BROKER` */
  async remove(place: ChannelName, keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.maps.remove(place, { key, data: nothing }, { limits: limitsOfState });
  }
}

function* partsOf(all: readonly string[]): Iterable<readonly string[]> {
  let [start, length] = [0, 0];
  for (const [index, text] of all.entries()) {
    if (index > start && length + text.length > maxPartLength) {
      yield all.slice(start, index);
      [start, length] = [index, 0];
    }
    length += text.length;
  }
  yield all.slice(start);
}
