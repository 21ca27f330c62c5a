/** Changes maps. Changes of a channel that come during a round share the next one. */

import type { Clock, Random } from '../../../../engine/ports/clock.js';
import type { MapOutcome } from '../../../../engine/ports/map-store.js';
import type { ChannelName } from '../../../../model/channel-name.js';
import { FanfareError } from '../../../../model/fanfare-error.js';
import type { Epochs } from '../../../epochs.js';
import { backOff, ChannelQueues, type QueueLimits } from '../channel-queues.js';
import type { Life } from '../life.js';
import type { Reader } from '../reader.js';
import type { ServerTime } from '../server-time.js';
import type { MapMessages } from './map-messages.js';
import type { MadeChanges, MapTop } from './map-records.js';
import { type MapChange, MapRound } from './map-round.js';

interface ChangerPorts extends QueueLimits {
  readonly messages: MapMessages;
  readonly reader: Reader<MapTop>;
  readonly life: Life;
  readonly time: ServerTime;
  readonly births: Epochs;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether a server may answer that is behind. */
  readonly isReplicated: () => boolean;
  /** How long a round may lose against other nodes. */
  readonly timeoutMs: number;
}

/** Changes that were applied to what was read, and not stored yet. */
interface Applied {
  readonly round: MapRound;
  readonly outcomes: readonly MapOutcome[];
  /** Changes that were made before, and have to be in their places first. */
  readonly open: MadeChanges | undefined;
}

/** Full maps whose counting is remembered. */
const maxCounted = 10_000;

export class Changer {
  readonly #queues: ChannelQueues<MapChange, MapOutcome>;
  /** The life in which the keys of a full map were counted. */
  readonly #counted = new Map<ChannelName, string>();

  constructor(private readonly ports: ChangerPorts) {
    this.#queues = new ChannelQueues(ports, {
      name: 'changes of maps',
      mayFollow: () => true,
      run: (channel, changes) => this.#run(channel, changes),
    });
  }

  /** @throws FanfareError `ERR_BROKER`, `ERR_MESSAGE_TOO_LARGE` */
  change(channel: ChannelName, change: MapChange): Promise<MapOutcome> {
    return this.#queues.add(channel, change, change.key.length + (change.do === 'end' ? 0 : change.text.length));
  }

  async #run(channel: ChannelName, changes: readonly MapChange[]): Promise<readonly MapOutcome[]> {
    const { messages, reader, isReplicated, clock, timeoutMs } = this.ports;
    const beganMs = clock.nowMs();
    for (let attempt = 1; ; attempt++) {
      const { round, outcomes, open } = await this.#apply(channel, changes);
      if (open !== undefined) {
        await messages.settle(channel, round.seq, open);
      } else if (round.hasChanged) {
        if (await messages.commit(channel, round)) return outcomes;
      } else if (round.seq === 0) {
        // The answer has a position, which is made now.
        await reader.last(channel);
      } else {
        await messages.putEnds(channel, round.ends);
        // Whoever answered may have been behind.
        if (!isReplicated() || (await messages.confirm(channel, round.seq))) return outcomes;
      }
      if (clock.nowMs() - beganMs > timeoutMs) {
        throw new FanfareError('ERR_BROKER', 'other nodes change this map faster than this one can');
      }
      await backOff(this.ports, attempt);
    }
  }

  async #apply(channel: ChannelName, changes: readonly MapChange[]): Promise<Applied> {
    const { messages, life, time, births } = this.ports;
    const keys = new Set(changes.map(({ key }) => key));
    const ids = new Set(changes.flatMap((change) => (change.do === 'end' ? [] : (change.id ?? []))));
    const view = await messages.view(channel, keys, ids, 0);
    const terms = { nowMs: time.nowMs(), life: life.current, birth: births.next() };
    const round = new MapRound(view, terms);
    const outcomes = changes.map((change) => round.apply(change));
    const applied = { round, outcomes, open: view.top?.open };
    const isFull = outcomes.some((outcome) => !outcome.ok && outcome.why === 'full');
    if (view.top === undefined || !isFull || this.#counted.get(channel) === life.current) return applied;
    // A server that has lost messages may have lost keys.
    const numKeys = await messages.count(channel);
    if (this.#counted.size >= maxCounted) this.#counted.clear();
    this.#counted.set(channel, life.current);
    const again = new MapRound({ ...view, top: { ...view.top, numKeys } }, terms);
    return { ...applied, round: again, outcomes: changes.map((change) => again.apply(change)) };
  }
}
