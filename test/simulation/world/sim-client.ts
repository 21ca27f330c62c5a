/** One client of a simulated fleet: the real `fanfare/client` on the official SDK, whose every word is written down. */

import type { Channel } from '../../../src/client/channel.js';
import type { ChannelMap } from '../../../src/client/channel-map.js';
import type { Client } from '../../../src/client/client.js';
import { connect } from '../../../src/client/connect.js';
import type { WebSocketConstructor } from '../../../src/client/connect-options.js';
import type { Happening } from '../../chaos/history.js';
import type { ClientNet } from '../network/client-net.js';
import type { ClientPlan } from '../plan/plan.js';
import { wallStartMs } from '../time/sim-process.js';
import type { VirtualTime } from '../time/virtual-time.js';
import type { PolicyCheck } from './policy-check.js';
import { kindOfChannel } from './rules.js';

interface SimClientPorts {
  readonly time: VirtualTime;
  readonly net: ClientNet;
  readonly websocket: WebSocketConstructor;
  readonly policies: PolicyCheck;
  record(happening: Happening): void;
  /** The node of its newest connection. */
  nodeOf(client: string): string;
  /** The server has closed its connection. */
  onClosed(client: SimClient, code: number): void;
  /** It is told that it may have missed something of a channel (2500). */
  onDoubt(client: SimClient, channel: string): void;
}

/** Codes from here on are the server's. */
const firstServerCode = 3_000;
/** The channel may have something that did not come. */
const doubtCode = 2_500;

export class SimClient {
  readonly name: string;
  readonly net: ClientNet;
  readonly user: string;
  readonly plan: ClientPlan;
  /** Of its connection, as presence names it; `undefined` without one. */
  connection: string | undefined;
  /** It has ended for good, until somebody has it connect again. */
  isFinal = false;
  readonly maps = new Map<string, ChannelMap<unknown>>();
  readonly #ports: SimClientPorts;
  readonly #client: Client;
  readonly #channels = new Map<string, Channel<unknown>>();
  /** In which it is subscribed at the moment. */
  readonly subscribed = new Set<string>();
  #numTokens = 0;
  #isClosed = false;

  constructor(number: number, plan: ClientPlan, ports: SimClientPorts) {
    this.name = `c${number + 1}`;
    this.user = `u${plan.user + 1}`;
    this.plan = plan;
    this.net = ports.net;
    this.#ports = ports;
    this.#client = connect(`ws://${this.name}.sim/connection/websocket`, {
      token: async () => this.#token(),
      websocket: ports.websocket,
      transports: [plan.transport],
      transportStore: null,
      maxReconnectDelayMs: 8_000,
    });
    this.#listen();
    for (const channel of plan.channels) this.open(channel);
  }

  get channelNames(): readonly string[] {
    return [...this.#channels.keys(), ...this.maps.keys()];
  }

  open(name: string): void {
    if (this.#channels.has(name) || this.maps.has(name)) return;
    if (kindOfChannel(name) === 'map') this.#openMap(name);
    else this.#openChannel(name);
  }

  leave(name: string): void {
    this.#channels.get(name)?.close();
    this.maps.get(name)?.close();
    const hadStream = this.#channels.delete(name);
    this.maps.delete(name);
    this.subscribed.delete(name);
    // After its close an application hears nothing more.
    if (hadStream && isChecked(name))
      this.#ports.record({ kind: 'unsubscribed', channel: name, subscriber: this.name, code: 0 });
    this.#ports.policies.left(this.name, name);
  }

  /** Resolves when it is acknowledged. @throws ClientError */
  async publish(channel: string, value: string): Promise<void> {
    await this.#client.publish(channel, value);
  }

  /** Connects again after the end. */
  again(): void {
    if (!this.isFinal || this.#isClosed) return;
    this.isFinal = false;
    this.#client.connect();
  }

  close(): void {
    this.#isClosed = true;
    this.#client.close();
    this.connection = undefined;
  }

  #token(): string {
    const { tokenMs } = this.plan;
    const nowSec = Math.floor((wallStartMs + this.#ports.time.nowMs) / 1_000);
    const exp = tokenMs === undefined ? {} : { exp: nowSec + Math.ceil(tokenMs / 1_000) };
    return JSON.stringify({ sub: this.user, iat: nowSec, jti: `${this.name}-${++this.#numTokens}`, ...exp });
  }

  #listen(): void {
    const { record, nodeOf, onClosed, policies } = this.#ports;
    const subscriber = this.name;
    this.#client.on('connected', ({ client: connection }) => {
      this.connection = connection;
      record({ kind: 'connected', subscriber, connection, node: nodeOf(this.name) });
    });
    const ended = (code: number, isFinal: boolean) => {
      if (code >= firstServerCode) onClosed(this, code);
      this.connection = undefined;
      this.isFinal = isFinal;
      this.subscribed.clear();
      policies.away(this.name);
      record({ kind: 'disconnected', subscriber, code, isFinal });
    };
    this.#client.on('connecting', ({ code }) => ended(code, false));
    this.#client.on('disconnected', ({ code }) => ended(code, true));
    this.#client.on('error', () => undefined);
  }

  #openChannel(name: string): void {
    const { record, policies } = this.#ports;
    const subscriber = this.name;
    const channel: Channel<unknown> = this.#client.channel(name);
    this.#channels.set(name, channel);
    const isOpen = () => this.#channels.get(name) === channel;
    let epoch: string | undefined;
    channel.on('subscribed', ({ position, wasRecovering, recovered }) => {
      if (!isOpen()) return;
      epoch = position?.epoch;
      this.subscribed.add(name);
      if (!isChecked(name)) {
        policies.subscribed(subscriber, name, this.net, this.plan.transport);
        return;
      }
      const connection = this.connection ?? '';
      const at = position === undefined ? {} : { position: { offset: position.offset, epoch: position.epoch } };
      record({ kind: 'subscribed', channel: name, subscriber, connection, ...at, wasRecovering, recovered });
    });
    channel.on('message', ({ data, offset }) => {
      if (!isOpen()) return;
      const value = valueIn(data);
      if (!isChecked(name)) {
        policies.delivered(subscriber, name, value);
        return;
      }
      const position =
        epoch === undefined || offset === undefined ? {} : { position: { offset: Number(offset), epoch } };
      record({ kind: 'delivered', channel: name, subscriber, value, ...position });
    });
    channel.on('subscribing', ({ code }) => {
      this.subscribed.delete(name);
      if (!isOpen()) return;
      if (code === doubtCode) this.#ports.onDoubt(this, name);
      if (isChecked(name)) record({ kind: 'subscribing', channel: name, subscriber, code });
      else policies.awayFrom(subscriber, name);
    });
    channel.on('unsubscribed', ({ code }) => {
      this.subscribed.delete(name);
      if (!isOpen()) return;
      if (isChecked(name)) record({ kind: 'unsubscribed', channel: name, subscriber, code });
      else policies.awayFrom(subscriber, name);
    });
  }

  #openMap(name: string): void {
    const map = this.#client.map(name, { pageSize: 3 });
    this.maps.set(name, map);
    map.channel.on('subscribed', () => this.subscribed.add(name));
    map.channel.on('subscribing', () => this.subscribed.delete(name));
    map.channel.on('unsubscribed', () => this.subscribed.delete(name));
  }
}

/** By the checker of histories; the others have a policy, under which something may be missing. */
export function isChecked(channel: string): boolean {
  return ['stream', 'recover', 'plain'].includes(kindOfChannel(channel));
}

/** Values are texts, some with a filling behind them. */
export function valueIn(data: unknown): string {
  return String(data).split(' ')[0] ?? '';
}
