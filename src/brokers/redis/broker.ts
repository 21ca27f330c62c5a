import type { Broker, BrokerEvents, KeptKinds, Published, PublishOptions } from '../../engine/ports/broker.js';
import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { ClientInfo, NewPublication } from '../../model/publication.js';
import { BusControl } from '../bus-control.js';
import { type ChannelMessage, decodeMessage, deliver, encodeAnnouncement, encodePublication } from '../bus-message.js';
import { Epochs } from '../epochs.js';
import { GarbageLog } from '../garbage-log.js';
import { MapEnds } from '../map-ends.js';
import type { BrokerPorts } from '../ports.js';
import { type Address, addressName, parseAddress } from './address.js';
import { decodePart } from './answer-message.js';
import { RedisAnswers } from './answers.js';
import { type Library, loadLibrary } from './client-library.js';
import { ClusterTopology } from './cluster.js';
import { ClusterSurvey } from './cluster-survey.js';
import { dialer } from './dialer.js';
import { RedisHistory } from './history.js';
import { Keys } from './keys.js';
import { RedisMaps } from './maps.js';
import { type FilledRedisOptions, type RedisOptions, withDefaults } from './options.js';
import { RedisPresence } from './presence.js';
import type { Route } from './route.js';
import { makeScripts, type Scripts } from './script.js';
import { Shard, type ShardOptions } from './shard.js';
import { type Topology, topologyOf } from './topology.js';

export class RedisBroker implements Broker {
  readonly name = 'redis';
  readonly carriesBytes = true;
  readonly comparesVersions = true;
  readonly history: RedisHistory;
  readonly maps: RedisMaps;
  readonly answers: RedisAnswers;
  readonly mapChanges: RedisHistory;
  readonly presence: RedisPresence;
  readonly control: BusControl;
  readonly #ports: BrokerPorts;
  readonly #garbage: GarbageLog;
  readonly #options: FilledRedisOptions;
  readonly #keys: Keys;
  readonly #scripts: Scripts;
  readonly #epochs: Epochs;
  readonly #ends: MapEnds;
  readonly #answerEnds: MapEnds;
  readonly #topology: Topology;
  readonly #channels = new Map<string, ChannelName>();
  #events: BrokerEvents | undefined;
  #isClosed = false;

  /** @param load the client of Redis. Default: that of its package @throws FanfareError `ERR_CONFIG` */
  constructor(
    options: RedisOptions['url'] | RedisOptions,
    ports: BrokerPorts,
    private readonly load: () => Promise<Library> = loadLibrary,
  ) {
    this.#ports = ports;
    this.#garbage = new GarbageLog('redis', ports);
    this.#options = withDefaults(options);
    this.#keys = new Keys(this.#options.prefix);
    this.#scripts = makeScripts();
    this.#epochs = new Epochs(ports.random);
    this.#topology = this.#topologyOf([this.#options.url].flat().map(parseAddress));
    const { streamIdleMs, mapIdleMs } = this.#options;
    this.#ends = new MapEnds(ports.clock, (channel) => this.maps.removeEnded(channel));
    const shared = { topology: this.#topology, scripts: this.#scripts, keys: this.#keys, epochs: this.#epochs };
    this.history = new RedisHistory({ ...shared, idleMs: streamIdleMs });
    this.maps = new RedisMaps({ ...shared, mapIdleMs, ends: this.#ends });
    this.mapChanges = new RedisHistory({
      ...shared,
      idleMs: mapIdleMs,
      onRead: (channel) => this.#ends.found(channel),
    });
    this.#answerEnds = new MapEnds(ports.clock, (channel) => this.answers.finishDue(channel));
    this.answers = new RedisAnswers({ ...shared, idleMs: mapIdleMs, ends: this.#answerEnds });
    this.control = new BusControl({
      placeOf: (nodeId) => this.#keys.control(nodeId),
      subscribe: (place) => this.#topology.controlRoute().subscribe(place),
      send: async (place, text) => void (await this.#topology.controlRoute().send(['SPUBLISH', place, text])),
      onGarbage: (error, place) => this.#garbage.found(error, place),
    });
    this.presence = new RedisPresence(shared.topology, shared.scripts, shared.keys);
  }

  /** @throws FanfareError `ERR_CONFIG`, `ERR_BROKER` */
  async start(events: BrokerEvents): Promise<void> {
    this.#events = events;
    await this.#topology.start();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#garbage.close();
    this.#ends.close();
    this.#answerEnds.close();
    this.#topology.close();
    this.#channels.clear();
  }

  async subscribe(channel: ChannelName): Promise<void> {
    this.#assertOpen();
    const bus = this.#keys.bus(channel);
    this.#channels.set(bus, channel);
    await this.#topology.routeOf(channel).subscribe(bus);
  }

  async unsubscribe(channel: ChannelName): Promise<void> {
    const bus = this.#keys.bus(channel);
    this.#channels.delete(bus);
    await this.#topology.routeOf(channel).unsubscribe(bus);
  }

  async publish(channel: ChannelName, publication: NewPublication, options: PublishOptions): Promise<Published> {
    this.#assertOpen();
    const { stream, idempotencyKey, version } = options;
    const ttlMs = Math.ceil(stream?.ttlMs ?? 0);
    return this.#topology.routeOf(channel).publish({
      bus: this.#keys.bus(channel),
      text: encodePublication(publication),
      ...(stream && {
        kept: {
          placeKey: this.#keys.place(channel),
          streamKey: this.#keys.stream(channel),
          size: stream.size,
          ttlMs,
          placeTtlMs: Math.max(ttlMs, this.#options.streamIdleMs),
          newEpoch: this.#epochs.next(),
          ...(version !== undefined && { version }),
        },
      }),
      ...(idempotencyKey !== undefined && { onceKey: this.#keys.idempotency(channel, idempotencyKey) }),
    });
  }

  async announce(channel: ChannelName, event: 'join' | 'leave', info: ClientInfo): Promise<void> {
    this.#assertOpen();
    const route = this.#topology.routeOf(channel);
    await route.send(['SPUBLISH', this.#keys.bus(channel), encodeAnnouncement(event, info)]);
  }

  /** For what others keep here: a key of their own, and the way to its server. Both are those of a channel of that name. */
  placeFor(kind: string, name: string): { readonly key: string; readonly route: Route } {
    // safe: it is hashed and escaped as a channel's name, and never read back as one
    return { key: this.#keys.other(kind, name), route: this.#topology.routeOf(name as ChannelName) };
  }

  async probe(): Promise<void> {
    await this.#topology.probe();
  }

  /** Stores a publication with history and a present client, in a channel that only this node uses. */
  async probeKeeping(kinds: KeptKinds): Promise<void> {
    await this.#topology.probeKeeping(kinds);
  }

  #topologyOf(addresses: readonly Address[]): Topology {
    const cluster = addresses.find(({ kind }) => kind === 'cluster');
    if (cluster === undefined) return topologyOf(addresses.map((address) => this.#shard(address)));
    if (addresses.length > 1) {
      throw new FanfareError('ERR_CONFIG', 'redis: a cluster is one address, with commas between its hosts');
    }
    const { timeoutMs } = this.#options;
    return new ClusterTopology(
      {
        survey: new ClusterSurvey({ address: cluster, load: this.load, timeoutMs, clock: this.#ports.clock }),
        keys: this.#keys,
        timeoutMs,
        makeShard: (endpoint, own) => this.#shard({ ...cluster, endpoints: [endpoint] }, own),
        onInterrupted: (buses) => this.#interrupted(buses),
      },
      this.#ports,
    );
  }

  #shard(address: Address, own: Partial<ShardOptions> = {}): Shard {
    const { timeoutMs, maxInFlight } = this.#options;
    return new Shard(
      {
        name: addressName(address),
        dialer: dialer(address, { load: this.load, timeoutMs, clock: this.#ports.clock }),
        scripts: this.#scripts,
        keys: this.#keys,
        probeBus: this.#keys.probe(this.#ports.random.id()),
        timeoutMs,
        maxInFlight,
        onMessage: (bus, message) => this.#received(bus, message),
        onInterrupted: (buses) => this.#interrupted(buses),
        ...own,
      },
      this.#ports,
    );
  }

  #interrupted(buses: readonly string[]): void {
    this.#events?.onInterrupted?.(buses.map((bus) => this.#channels.get(bus)).filter((name) => name !== undefined));
  }

  #received(bus: string, text: string): void {
    const channel = this.#channels.get(bus);
    if (channel === undefined) {
      this.control.received(bus, text);
      return;
    }
    try {
      const isMarked = text.startsWith('t');
      deliver(this.#events, channel, isMarked ? this.#unmarked(channel, text) : decodeMessage(text));
    } catch (error) {
      this.#garbage.found(error, channel);
    }
  }

  /**
   * Messages of maps and answers begin with how long it is until a key may end, or until it has to be looked at an answer.
   *
   * @throws Error for what no node has sent
   */
  #unmarked(channel: ChannelName, text: string): ChannelMessage {
    const colon = text.indexOf(':');
    const endsInMs = Number(text.slice(1, colon));
    if (!Number.isSafeInteger(endsInMs)) throw new Error('not a message of a node');
    const isPart = text[colon + 1] === 'a';
    (isPart ? this.#answerEnds : this.#ends).atMost(channel, endsInMs);
    if (isPart) return { kind: 'publication', ...decodePart(text.slice(colon + 2)) };
    return decodeMessage(text.slice(colon + 1));
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new FanfareError('ERR_CLOSED', 'the broker is closed');
  }
}
