/**
 * The maps of channels in JetStream. A change is several messages that are stored as one: the change itself, which is
 * republished to the nodes, the new states of its keys, and the top of the channel's stream, which has to follow the top
 * that the change was made on. So each change follows the one before it, from whichever node.
 */

import type { BrokerEvents, HistoryStore } from '../../../../engine/ports/broker.js';
import type {
  MapChangeOptions,
  MapEntryRead,
  MapOutcome,
  MapPage,
  MapQuery,
  MapSetOptions,
  MapStore,
  NewMapEntry,
} from '../../../../engine/ports/map-store.js';
import type { ChannelName } from '../../../../model/channel-name.js';
import { publicationAt } from '../../../../model/publication.js';
import { encodePublication } from '../../../bus-message.js';
import type { Epochs } from '../../../epochs.js';
import { removalOf } from '../../../map-removal.js';
import type { BrokerPorts } from '../../../ports.js';
import type { FilledNatsOptions } from '../../options.js';
import { messageId, type Subjects } from '../../subjects.js';
import type { Incoming, Wire } from '../../wire.js';
import type { Incarnation } from '../incarnation.js';
import { KeyedStream } from '../keyed-stream.js';
import type { Life } from '../life.js';
import { Reader } from '../reader.js';
import type { ServerTime } from '../server-time.js';
import { epochOf } from '../stored-message.js';
import { Changer } from './changer.js';
import { EndedKeys } from './ended-keys.js';
import { MapMessages } from './map-messages.js';
import { decodeChanges, entryOf, isOfMap, type MapTop } from './map-records.js';
import { MapSubjects } from './map-subjects.js';
import { PageReader } from './page-reader.js';

interface NatsMapsPorts extends BrokerPorts {
  readonly wire: Wire;
  readonly subjects: Subjects;
  readonly life: Life;
  readonly time: ServerTime;
  readonly incarnation: Incarnation;
  readonly births: Epochs;
  /** Called when everything known about channels is outdated. */
  readonly onLost: () => void;
  readonly events: () => Pick<BrokerEvents, 'onPublication'> | undefined;
}

export class NatsMaps implements MapStore {
  readonly changes: HistoryStore;
  readonly stream: KeyedStream;
  readonly #ports: NatsMapsPorts;
  readonly #messages: MapMessages;
  readonly #reader: Reader<MapTop>;
  readonly #pages: PageReader;
  readonly #changer: Changer;
  readonly #ended: EndedKeys;

  constructor(options: FilledNatsOptions, ports: NatsMapsPorts) {
    const { clock, random, log, wire, subjects, life, time, incarnation, births, onLost } = ports;
    const names = new MapSubjects(options.prefix);
    const stream = new KeyedStream({
      ...{ kind: 'maps', wire, subjects, names, life, time, incarnation, random, options, onLost },
    });
    const messages = new MapMessages({ stream, names, clock, time, maxAgeMs: options.maxAgeMs });
    const reader = new Reader<MapTop>({ stream: messages, life, time, births });
    const isReplicated = () => stream.isReplicated;
    this.#ports = ports;
    this.stream = stream;
    this.#messages = messages;
    this.#reader = reader;
    this.#pages = new PageReader({ messages, reader, life, isReplicated });
    this.#changer = new Changer({
      ...{ messages, reader, life, time, births, clock, random, isReplicated },
      timeoutMs: options.timeoutMs,
      maxWaiting: options.maxInFlight,
      maxWaitingChars: options.maxInFlightChars,
    });
    const end = (channel: ChannelName, key: string) => this.#changer.change(channel, { do: 'end', key });
    this.#ended = new EndedKeys({ stream, names, time, clock, random, log, end });
    this.changes = {
      read: async (channel, query) => {
        await this.prepare();
        return reader.read(channel, query);
      },
      remove: async (channel) => {
        await this.prepare();
        await reader.remove(channel);
      },
    };
  }

  /** @throws FanfareError `ERR_CONFIG` if the server is too old; `ERR_BROKER` */
  async prepare(): Promise<void> {
    await this.stream.prepare();
    this.#ended.start();
  }

  async set(channel: ChannelName, entry: NewMapEntry, options: MapSetOptions): Promise<MapOutcome> {
    await this.prepare();
    const { limits, expected, idempotencyKey, ttlMs, mustExist = false } = options;
    if (ttlMs !== undefined) await this.#ended.expect();
    return this.#changer.change(channel, {
      do: 'set',
      key: entry.key,
      text: encodePublication(entry),
      id: idempotencyKey === undefined ? undefined : messageId(channel, idempotencyKey),
      ...{ expected, ttlMs, mustExist },
      stream: limits.stream,
      maxKeys: limits.maxKeys,
    });
  }

  async remove(channel: ChannelName, entry: NewMapEntry, options: MapChangeOptions): Promise<MapOutcome> {
    await this.prepare();
    const { limits, expected, idempotencyKey } = options;
    return this.#changer.change(channel, {
      do: 'remove',
      key: entry.key,
      text: encodePublication(removalOf(entry)),
      id: idempotencyKey === undefined ? undefined : messageId(channel, idempotencyKey),
      expected,
      stream: limits.stream,
    });
  }

  async get(channel: ChannelName, key: string): Promise<MapEntryRead> {
    await this.prepare();
    const known = await this.#reader.last(channel);
    const { top = known, states } = await this.#messages.view(channel, [key], [], known.place.seq);
    const state = states.get(key);
    const { birth, offset } = top.place;
    return {
      entry: state?.birth === birth ? entryOf(state) : undefined,
      top: { offset, epoch: epochOf({ birth, life: this.#ports.life.current }) },
    };
  }

  async page(channel: ChannelName, query: MapQuery): Promise<MapPage> {
    await this.prepare();
    return this.#pages.page(channel, query);
  }

  /** Whether a node's message has changes of a map. */
  hasSent(text: string): boolean {
    return isOfMap(text);
  }

  /** Takes a message of changes. @throws Error if no node has written it */
  received(channel: ChannelName, { text }: Incoming): void {
    const { place, publications } = decodeChanges(text, 0);
    const epoch = epochOf({ birth: place.birth, life: this.#ports.life.current });
    const first = place.offset - publications.length + 1;
    const events = this.#ports.events();
    for (const [index, publication] of publications.entries()) {
      events?.onPublication(channel, publicationAt(publication, first + index), epoch);
    }
  }

  /** What is known of the stream is outdated. */
  forget(): void {
    this.#ended.forget();
  }

  close(): void {
    this.#ended.close();
  }
}
