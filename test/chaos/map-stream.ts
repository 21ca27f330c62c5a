/** Follows the changes of a map by reading its stream at any node, as far as it is known of which epoch they are. */

import { callApi } from './chaos-api.js';
import type { ChaosNode } from './chaos-node.js';
import type { MapPosition, SeenChange } from './checker/map-checker.js';

const callLimitMs = 6_000;
const pageSize = 1_000;
const unrecoverable = 112;

/** What reading the state or the stream answers. */
export interface EntriesAnswer {
  readonly entries: readonly {
    readonly key: string;
    readonly data: string;
    readonly removed?: boolean;
    readonly offset: number;
  }[];
  readonly offset: number;
  readonly epoch: string;
}

export class MapStream {
  readonly seen: SeenChange[] = [];
  /** Where the reading of the present epoch began. */
  #since: MapPosition | undefined;
  #at: MapPosition | undefined;

  constructor(private readonly channel: string) {}

  /** Whether a change must have been seen by now, if everything has been read. */
  isRead({ epoch, offset }: MapPosition): boolean {
    return this.#since?.epoch === epoch && offset > this.#since.offset;
  }

  /** @returns whether there was nothing more to read */
  async read({ url }: ChaosNode): Promise<boolean> {
    const at = this.#at;
    const since = at === undefined ? {} : { since_offset: at.offset, since_epoch: at.epoch, limit: pageSize };
    const answer = await callApi(url, 'map_read_stream', { channel: this.channel, ...since }, callLimitMs);
    if (answer.kind === 'unknown') return false;
    // Another epoch. What it has of the one before is not to be told from its own.
    if (answer.kind === 'failed') {
      if (answer.code === unrecoverable) this.#at = undefined;
      return false;
    }
    // safe: the API's own answer
    const { entries, offset, epoch } = answer.result as unknown as EntriesAnswer;
    if (at === undefined) {
      this.#at = { epoch, offset };
      this.#since = this.#at;
      return false;
    }
    for (const { key, data, removed, offset: one } of entries) {
      this.seen.push({ epoch, offset: one, key, ...(removed !== true && { value: data }) });
    }
    this.#at = { epoch, offset: entries.at(-1)?.offset ?? at.offset };
    return entries.length < pageSize && this.#at.offset >= offset;
  }
}
