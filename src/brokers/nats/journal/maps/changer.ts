/**
 * Changes maps. Changes of a channel that come during a round share the next one, so that their rate does not depend on
 * the round trips.
 */

import type { Clock, Random } from '../../../../engine/ports/clock.js';
import type { MapOutcome } from '../../../../engine/ports/map-store.js';
import { pause } from '../../../../engine/time/pause.js';
import type { ChannelName } from '../../../../model/channel-name.js';
import { FanfareError } from '../../../../model/fanfare-error.js';
import type { Epochs } from '../../../epochs.js';
import type { Life } from '../life.js';
import type { Reader } from '../reader.js';
import type { ServerTime } from '../server-time.js';
import type { MapMessages } from './map-messages.js';
import type { MadeChanges, MapTop } from './map-records.js';
import { type MapChange, MapRound } from './map-round.js';

interface ChangerPorts {
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
  /** Changes that may wait; further ones are refused at once. */
  readonly maxWaiting: number;
  /** The same, in characters. */
  readonly maxWaitingChars: number;
}

interface Waiting {
  readonly change: MapChange;
  readonly length: number;
  readonly resolve: (outcome: MapOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Changes that were applied to what was read, and not stored yet. */
interface Applied {
  readonly round: MapRound;
  readonly outcomes: readonly MapOutcome[];
  /** Changes that were made before, and have to be in their places first. */
  readonly open: MadeChanges | undefined;
}

/** Size of one message of changes, unless a single one is larger. NATS allows 1 MB by default. */
const maxRoundChars = 131_072;
/** JetStream stores 1,000 messages as one; a change has three at most. */
const maxRound = 256;
/** Longest pause after a lost attempt, in milliseconds. */
const maxBackoffMs = 20;
/** Full maps whose counting is remembered. */
const maxCounted = 10_000;

export class Changer {
  /** Queues of channels with a round in progress. */
  readonly #queues = new Map<ChannelName, Waiting[]>();
  /** The life in which the keys of a full map were counted. */
  readonly #counted = new Map<ChannelName, string>();
  #numWaiting = 0;
  #charsWaiting = 0;

  constructor(private readonly ports: ChangerPorts) {}

  /** @throws FanfareError `ERR_BROKER`, `ERR_MESSAGE_TOO_LARGE` */
  change(channel: ChannelName, change: MapChange): Promise<MapOutcome> {
    const { maxWaiting, maxWaitingChars } = this.ports;
    const length = change.key.length + (change.do === 'end' ? 0 : change.text.length);
    if (this.#numWaiting >= maxWaiting || this.#charsWaiting + length > maxWaitingChars) {
      return Promise.reject(new FanfareError('ERR_BROKER', 'too many changes of maps wait for nats'));
    }
    this.#numWaiting++;
    this.#charsWaiting += length;
    return new Promise<MapOutcome>((resolve, reject) => {
      const waiting = { change, length, resolve, reject };
      const queue = this.#queues.get(channel);
      if (queue !== undefined) {
        queue.push(waiting);
        return;
      }
      const fresh = [waiting];
      this.#queues.set(channel, fresh);
      void this.#work(channel, fresh);
    }).finally(() => {
      this.#numWaiting--;
      this.#charsWaiting -= length;
    });
  }

  async #work(channel: ChannelName, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      const taken = takeRound(queue);
      try {
        const outcomes = await this.#run(
          channel,
          taken.map(({ change }) => change),
        );
        for (const [index, { resolve, reject }] of taken.entries()) {
          const outcome = outcomes[index];
          if (outcome === undefined) reject(new Error('each change of a round has an outcome'));
          else resolve(outcome);
        }
      } catch (error) {
        for (const { reject } of taken) reject(error);
      }
    }
    this.#queues.delete(channel);
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
      await this.#backOff(attempt);
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

  async #backOff(attempt: number): Promise<void> {
    const { clock, random } = this.ports;
    if (attempt < 3) return;
    const limitMs = Math.min(maxBackoffMs, 2 ** (attempt - 2));
    await pause(clock, random.unit() * limitMs);
  }
}

function takeRound(queue: Waiting[]): Waiting[] {
  let count = 0;
  let length = 0;
  for (const waiting of queue.slice(0, maxRound)) {
    length += waiting.length;
    if (count > 0 && length > maxRoundChars) break;
    count++;
  }
  return queue.splice(0, count);
}
