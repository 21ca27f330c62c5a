/** The maps of channels in Redis: each change is a publication and a change of keys in one step. */

import * as v from 'valibot';
import { idempotencyWindowMs } from '../../engine/ports/broker.js';
import type {
  MapChangeOptions,
  MapEntryRead,
  MapOutcome,
  MapPage,
  MapQuery,
  MapSetOptions,
  MapStore,
  NewMapEntry,
} from '../../engine/ports/map-store.js';
import { maxPageLength } from '../../engine/ports/map-store.js';
import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { payloadText, payloadValue } from '../../model/payload.js';
import { type NewPublication, type Publication, publicationAt } from '../../model/publication.js';
import { StatePage } from '../../model/state-page.js';
import { decodePublication, headOf } from '../bus-message.js';
import type { Epochs } from '../epochs.js';
import type { MapEnds } from '../map-ends.js';
import { removalOf } from '../map-removal.js';
import type { Keys } from './keys.js';
import type { Script, Scripts } from './script.js';
import type { Topology } from './topology.js';

interface RedisMapsPorts {
  readonly topology: Topology;
  readonly scripts: Scripts;
  readonly keys: Keys;
  readonly epochs: Epochs;
  readonly mapIdleMs: number;
  readonly ends: MapEnds;
}

const texts = v.array(v.string());
/** See lua/map-change.ts. */
const changeAnswer = v.union([
  v.tuple([v.string(), v.string(), v.picklist(['new', 'known'])]),
  v.tuple([v.string(), v.string(), v.picklist(['version', 'absent', 'full']), v.string()]),
]);

export class RedisMaps implements MapStore {
  constructor(private readonly ports: RedisMapsPorts) {}

  async set(channel: ChannelName, entry: NewMapEntry, options: MapSetOptions): Promise<MapOutcome> {
    const { limits, mustExist = false } = options;
    const ttlMs = options.ttlMs === undefined ? undefined : Math.ceil(options.ttlMs);
    const { key, ...value } = entry;
    const set = [headOf(value), ttlMs === undefined ? '' : `${ttlMs}`, `${limits.maxKeys}`, mustExist ? '1' : ''];
    const outcome = await this.#change(channel, key, entry, set, options);
    if (ttlMs !== undefined && outcome.ok && !outcome.duplicate) this.ports.ends.atMost(channel, ttlMs);
    return outcome;
  }

  remove(channel: ChannelName, entry: NewMapEntry, options: MapChangeOptions): Promise<MapOutcome> {
    return this.#change(channel, entry.key, removalOf(entry), ['', '', '', ''], options);
  }

  /** The key ends this much later from now, without a change. @returns whether there is such a key */
  async renew(channel: ChannelName, key: string, ttlMs: number): Promise<boolean> {
    const ms = Math.ceil(ttlMs);
    const isThere = v.parse(v.number(), await this.#run(this.ports.scripts.mapRenew, channel, [key, `${ms}`])) === 1;
    if (isThere) this.ports.ends.atMost(channel, ms);
    return isThere;
  }

  async get(channel: ChannelName, key: string): Promise<MapEntryRead> {
    const answer = v.parse(texts, await this.#run(this.ports.scripts.mapGet, channel, [key]));
    const [offset = '', epoch = '', version, value = ''] = answer;
    const top = { offset: Number(offset), epoch };
    return { entry: version === undefined ? undefined : entryOf(channel, key, version, value), top };
  }

  async page(channel: ChannelName, { after, upTo, limit }: MapQuery): Promise<MapPage> {
    const answer = await this.#read(channel, [
      `${after}`,
      upTo === undefined ? '+inf' : `${upTo}`,
      `${limit}`,
      `${maxPageLength}`,
    ]);
    const [offset = '', epoch = '', endsInMs = '', next = '', size = '', ...found] = answer;
    if (endsInMs !== '') this.ports.ends.atMost(channel, Number(endsInMs));
    const entries: Publication[] = [];
    for (let i = 0; i + 2 < found.length; i += 3) {
      const [key = '', version = '', value = ''] = found.slice(i, i + 3);
      entries.push(entryOf(channel, key, version, value));
    }
    const top = { offset: Number(offset), epoch };
    return { state: new StatePage(entries), next: Number(next), top, size: Number(size) };
  }

  /** Removes the keys whose time is over. @returns how long until the next key ends, if one does */
  async removeEnded(channel: ChannelName): Promise<number | undefined> {
    const [, , endsInMs = ''] = await this.#read(channel, ['0', '+inf', '0', '0']);
    return endsInMs === '' ? undefined : Number(endsInMs);
  }

  /** One call removes so many keys and no more. */
  async #read(channel: ChannelName, args: readonly string[]): Promise<readonly string[]> {
    for (;;) {
      const answer = v.parse(texts, await this.#run(this.ports.scripts.mapPage, channel, args));
      if (answer[3] !== '') return answer;
    }
  }

  async #change(
    channel: ChannelName,
    key: string,
    publication: NewPublication,
    [valueHead = '', ttl = '', maxKeys = '', mustExist = '']: readonly string[],
    { limits, expected, idempotencyKey }: MapChangeOptions,
  ): Promise<MapOutcome> {
    const { scripts, keys } = this.ports;
    const { size, ttlMs } = limits.stream;
    const args = [
      ...[key, headOf(publication), payloadText(publication.data), `${size}:${Math.ceil(ttlMs)}`],
      ...[valueHead, ttl, maxKeys, mustExist],
      ...[expected === undefined ? '' : `${expected.version}`, expected?.epoch ?? ''],
    ];
    const onceKeys = idempotencyKey === undefined ? [] : [keys.idempotency(channel, idempotencyKey)];
    const answer = v.parse(changeAnswer, await this.#run(scripts.mapChange, channel, args, onceKeys));
    const [offset, epoch, what, version] = answer;
    const position = { offset: Number(offset), epoch };
    if (what === 'new' || what === 'known') return { ok: true, position, duplicate: what === 'known' };
    return { ok: false, why: what, position, version: Number(version) };
  }

  /** Sent at once: the order of the calls is the order on the server. */
  #run(
    script: Script,
    channel: ChannelName,
    args: readonly string[],
    onceKeys: readonly string[] = [],
  ): Promise<unknown> {
    const { topology, keys, epochs, mapIdleMs } = this.ports;
    const all = [keys.place(channel), keys.stream(channel), keys.bus(channel), ...keys.map(channel), ...onceKeys];
    const common = [`${idempotencyWindowMs}`, `${mapIdleMs}`, epochs.next()];
    return topology.routeOf(channel).run(script, all, [...common, ...args]);
  }
}

/** @throws FanfareError `ERR_HISTORY_BROKEN` for what no node has written */
function entryOf(channel: ChannelName, key: string, version: string, value: string): Publication {
  try {
    const publication = decodePublication(value);
    payloadValue(publication.data);
    return publicationAt({ ...publication, key }, Number(version));
  } catch (cause) {
    throw new FanfareError('ERR_HISTORY_BROKEN', `redis: a value of the map "${channel}" is broken`, { cause });
  }
}
