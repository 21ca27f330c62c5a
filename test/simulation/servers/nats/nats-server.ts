/**
 * A model of one NATS server with JetStream: core messages at most once, streams that take a message only at the place
 * that it expects, several messages at once or none, pass stored messages on, and what of that survives a restart.
 */

import { NatsBroker } from '../../../../src/brokers/nats/broker.js';
import type { BrokerPorts } from '../../../../src/brokers/ports.js';
import type { Broker } from '../../../../src/engine/ports/broker.js';
import type { BrokerNet } from '../../network/broker-net.js';
import type { SimProcess } from '../../time/sim-process.js';
import type { BrokerServer, Fate, Loss, ServerPorts } from '../broker-server.js';
import { Meddled } from '../meddled.js';
import { JetStreamError, NoResponders } from './jetstream-error.js';
import {
  type Headers,
  KeptStream,
  type Query,
  type Stored,
  type StoredMessage,
  type Storing,
  type StreamConfig,
} from './kept-stream.js';
import { natsClient } from './nats-client.js';
import { covers, matched } from './nats-subject.js';

export interface NatsPeer {
  message(subject: string, text: string, headers: Headers): void;
}

interface Waiting {
  readonly subject: string;
  readonly text: string;
  readonly headers: Headers;
}

interface StreamInfo {
  readonly config: StreamConfig;
  readonly created: string;
  readonly state: { readonly subjects: Readonly<Record<string, number>>; readonly last_seq: number };
}

export class NatsServer implements BrokerServer {
  readonly kind = 'nats';
  readonly net: BrokerNet;
  readonly purposes = [];
  readonly losses: readonly Loss[] = ['none', 'some', 'all'];
  readonly keepsPresence = false;
  readonly hasMaps = true;
  readonly fates: Fate[] = [];
  readonly #subscribers = new Map<string, Map<NatsPeer, Meddled>>();
  #streams = new Map<string, KeptStream>();
  /** What is on disk while the newest is not. */
  #saved: Map<string, KeptStream> | undefined;
  /** Messages that are stored with the last one of their batch. */
  readonly #batches = new Map<string, Waiting[]>();

  constructor({ net }: ServerPorts) {
    this.net = net;
  }

  get numHeld(): number {
    let count = 0;
    for (const [subject, peers] of this.#subscribers) {
      if (subject.startsWith('fanfare.p.') && !subject.includes('%echo')) count += peers.size;
    }
    return count;
  }

  broker(process: SimProcess, ports: BrokerPorts): Broker {
    return new NatsBroker('nats://nats.sim', ports, () => natsClient(process, this));
  }

  beginLagging(): void {
    this.#saved = new Map([...this.#streams].map(([name, stream]) => [name, stream.copy()]));
  }

  stop(loss: Loss): void {
    this.net.isDown = true;
    this.net.breakLines();
    this.#subscribers.clear();
    this.#batches.clear();
    if (loss === 'all') this.#streams.clear();
    else if (loss === 'some' && this.#saved !== undefined) this.#streams = this.#saved;
    this.#saved = undefined;
    for (const [name, { config }] of this.#streams) if (config.storage === 'memory') this.#streams.delete(name);
    for (const stream of this.#streams.values()) stream.reopened();
  }

  start(): void {
    this.net.isDown = false;
  }

  /** Somebody deletes all streams. */
  wipe(): void {
    this.#streams.clear();
  }

  subscribe(peer: NatsPeer, subject: string): void {
    const peers = this.#subscribers.get(subject) ?? new Map<NatsPeer, Meddled>();
    this.#subscribers.set(subject, peers);
    if (!peers.has(peer)) peers.set(peer, new Meddled(this.fates));
  }

  unsubscribe(peer: NatsPeer, subject: string): void {
    this.#subscribers.get(subject)?.delete(peer);
  }

  gone(peer: NatsPeer): void {
    for (const peers of this.#subscribers.values()) peers.delete(peer);
  }

  /** A message that nobody waits for to be stored: core NATS, or a part of a batch. */
  pass(subject: string, text: string, headers: Headers = {}): void {
    const batch = headers['Nats-Batch-Id'];
    if (batch !== undefined) {
      const waiting = this.#batches.get(batch) ?? [];
      this.#batches.set(batch, waiting);
      waiting.push({ subject, text, headers });
      return;
    }
    for (const [peer, meddled] of this.#subscribers.get(subject) ?? []) {
      meddled.pass(subject, () => peer.message(subject, text, headers));
    }
  }

  names(subject: string): string[] {
    const found = [...this.#streams.values()].filter(({ config }) => config.subjects.includes(subject));
    return found.map(({ config }) => config.name);
  }

  /** @throws JetStreamError */
  info(name: string, pattern = ''): StreamInfo {
    const stream = this.#stream(name);
    const { config, createdMs, lastSeq } = stream;
    const subjects = pattern === '' ? {} : stream.subjects(pattern, this.#wallMs);
    return { config, created: new Date(createdMs).toISOString(), state: { subjects, last_seq: lastSeq } };
  }

  /** @throws JetStreamError if others have its name with other settings, or its subjects */
  add(config: StreamConfig): StreamInfo {
    const known = this.#streams.get(config.name);
    const made = new KeptStream(config, this.#wallMs);
    if (known !== undefined) {
      if (JSON.stringify(known.config) === JSON.stringify(made.config)) return this.info(config.name);
      throw new JetStreamError(10_058, 'stream name already in use with a different configuration');
    }
    if (config.subjects.some((subject) => this.names(subject).length > 0)) {
      throw new JetStreamError(10_065, 'subjects overlap with an existing stream');
    }
    this.#streams.set(config.name, made);
    return this.info(config.name);
  }

  update(name: string, changes: Partial<StreamConfig>): StreamInfo {
    const stream = this.#stream(name);
    stream.config = { ...stream.config, ...changes };
    return this.info(name);
  }

  purge(name: string, pattern: string, seq: number): void {
    this.#stream(name).purge(pattern, seq);
  }

  /** @returns `null` if there is none */
  message(name: string, query: Query): StoredMessage | null {
    return this.#stream(name).find(query, this.#wallMs) ?? null;
  }

  /** Several at one moment. */
  messages(
    name: string,
    query: Query & { readonly multi_last?: readonly string[]; readonly batch?: number },
  ): StoredMessage[] {
    const stream = this.#stream(name);
    const { multi_last: subjects, seq = 1, next_by_subj: pattern = '>', batch = 1 } = query;
    return subjects === undefined
      ? stream.from(seq, pattern, batch, this.#wallMs)
      : stream.lastOfEach(subjects, this.#wallMs);
  }

  /** Stores a message, after those of its batch. @throws JetStreamError, NoResponders */
  store(subject: string, text: string, storing: Storing): { readonly seq: number; readonly duplicate: boolean } {
    const stream = [...this.#streams.values()].find(({ config }) =>
      config.subjects.some((one) => covers(one, subject)),
    );
    if (stream === undefined) throw new NoResponders('no responders');
    const batch = storing.headers?.['Nats-Batch-Id'];
    if (batch !== undefined) return this.#commit(stream, batch, { subject, text, storing });
    const stored = stream.store(subject, text, storing, this.#wallMs);
    if (typeof stored === 'number') return { seq: stored, duplicate: true };
    this.#passOn(stream, stored);
    return { seq: stored.message.seq, duplicate: false };
  }

  #commit(
    stream: KeptStream,
    batch: string,
    { subject, text, storing }: { readonly subject: string; readonly text: string; readonly storing: Storing },
  ): { readonly seq: number; readonly duplicate: boolean } {
    const waiting = this.#batches.get(batch) ?? [];
    this.#batches.delete(batch);
    if (waiting.length !== Number(storing.headers?.['Nats-Batch-Sequence']) - 1) {
      throw new JetStreamError(10_176, 'batch is incomplete');
    }
    // What is expected of the last one holds for all: it is looked at before anything is stored.
    const expected = storing.expect?.lastSubjectSequence;
    const before = stream.find({ last_by_subj: subject }, this.#wallMs)?.seq ?? 0;
    if (expected !== undefined && expected !== before)
      throw new JetStreamError(10_071, `wrong last sequence: ${before}`);
    const { expect: _, ...rest } = storing;
    let seq = 0;
    for (const one of [
      ...waiting.map((part) => ({ ...part, storing: { headers: part.headers } })),
      { subject, text, storing: rest },
    ]) {
      const stored = stream.store(one.subject, one.text, one.storing, this.#wallMs);
      if (typeof stored === 'number') continue;
      seq = stored.message.seq;
      this.#passOn(stream, stored);
    }
    return { seq, duplicate: false };
  }

  get #wallMs(): number {
    return Math.floor(this.net.server.wallMs());
  }

  #stream(name: string): KeptStream {
    const stream = this.#streams.get(name);
    if (stream === undefined) throw new JetStreamError(10_059, 'stream not found');
    return stream;
  }

  /** What it stores goes to the subscribers of another subject, in the order of storing. */
  #passOn({ config }: KeptStream, { message: { seq, subject, text }, before }: Stored): void {
    const { republish } = config;
    const [token] = (republish && matched(republish.src, subject)) ?? [];
    if (republish === undefined || token === undefined) return;
    this.pass(republish.dest.replace('{{wildcard(1)}}', token), text, {
      'Nats-Stream': config.name,
      'Nats-Subject': subject,
      'Nats-Sequence': String(seq),
      'Nats-Last-Sequence': String(before),
    });
  }
}
