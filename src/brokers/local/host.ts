/** The broker of one machine: a memory broker in one process, for other processes over a local socket. */

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { encodeClusterMessage } from '../../engine/cluster/messages.js';
import type { BrokerEvents, BrokerHoldings } from '../../engine/ports/broker.js';
import { type Logger, silentLogger } from '../../engine/ports/logger.js';
import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { MemoryBroker, type MemoryBrokerOptions } from '../memory/broker.js';
import { carried, carriedPage, uncarried } from './carried.js';
import { LineSocket } from './line-socket.js';
import type { LocalMessage, LocalRequest } from './messages.js';

/** One client process. */
interface Client {
  readonly send: (message: LocalMessage) => void;
  readonly socket: LineSocket;
  readonly channels: Set<ChannelName>;
  /** Its presence entries, to be removed when the process dies. */
  readonly present: Map<ChannelName, Set<string>>;
  nodeId?: string;
}

export class LocalBrokerHost {
  readonly #broker: MemoryBroker;
  readonly #server: Server;
  readonly #clients = new Set<Client>();
  /** The processes with subscribers, by channel. */
  readonly #subscribed = new Map<ChannelName, Set<Client>>();

  readonly #log: Logger;

  constructor(options: MemoryBrokerOptions, log: Logger = silentLogger) {
    this.#log = log;
    this.#broker = new MemoryBroker(options);
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get holdings(): BrokerHoldings {
    return this.#broker.holdings;
  }

  /** @param path of the socket, in a folder that only this user may enter */
  async listen(path: string): Promise<void> {
    await this.#broker.start(this.#events());
    this.#server.listen(path);
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { socket } of this.#clients) socket.destroy();
    await closed;
    await this.#broker.close();
  }

  #events(): BrokerEvents {
    const each = (channel: ChannelName, message: LocalMessage) => {
      for (const client of this.#subscribed.get(channel) ?? []) client.send(message);
    };
    return {
      onPublication: (channel, publication, epoch) => {
        each(channel, { kind: 'publication', channel, publication: carried(publication), epoch });
      },
      onJoin: (channel, info) => each(channel, { kind: 'join', channel, info }),
      onLeave: (channel, info) => each(channel, { kind: 'leave', channel, info }),
    };
  }

  #accept(socket: Socket): void {
    const lines = new LineSocket(
      socket,
      // safe: the peer runs the same program
      (message) => void this.#take(client, message as LocalRequest),
      (reason) => {
        if (reason !== undefined)
          this.#log.warn({ err: reason }, 'a process was cut off from the broker of this machine');
        void this.#lose(client);
      },
    );
    const client: Client = {
      socket: lines,
      send: (message) => lines.send(message),
      channels: new Set(),
      present: new Map(),
    };
    this.#clients.add(client);
  }

  async #take(client: Client, request: LocalRequest): Promise<void> {
    const { id } = request;
    try {
      client.send({ kind: 'done', id, result: (await this.#run(client, request)) ?? null });
    } catch (error) {
      if (!(error instanceof FanfareError)) throw error;
      client.send({ kind: 'failed', id, code: error.code, message: error.message });
    }
  }

  #run(client: Client, request: LocalRequest): unknown {
    const { history, maps, presence, answers } = this.#broker;
    switch (request.do) {
      case 'subscribe':
        return this.#subscribe(client, ...request.with);
      case 'unsubscribe':
        return this.#unsubscribe(client, ...request.with);
      case 'publish': {
        const [channel, publication, options] = request.with;
        return this.#broker.publish(channel, uncarried(publication), options);
      }
      case 'announce':
        return this.#broker.announce(...request.with);
      case 'read':
        return history.read(...request.with).then(carriedPage);
      case 'removeHistory':
        return history.remove(...request.with);
      case 'addPresence': {
        const [channel, { client: id }] = request.with;
        const present = client.present.get(channel) ?? new Set();
        client.present.set(channel, present.add(id));
        return presence.add(...request.with);
      }
      case 'removePresence': {
        const [channel, id] = request.with;
        const present = client.present.get(channel);
        present?.delete(id);
        if (present?.size === 0) client.present.delete(channel);
        return presence.remove(channel, id);
      }
      case 'listPresence':
        return presence.list(...request.with);
      case 'presenceStats':
        return presence.stats(...request.with);
      case 'setKey':
        return maps.set(...request.with);
      case 'removeKey':
        return maps.remove(...request.with);
      case 'renewKey':
        return maps.renew(...request.with);
      case 'getKey':
        return maps.get(...request.with);
      case 'pageOfMap':
        return maps.page(...request.with).then(({ state: { entries }, ...rest }) => ({ entries, ...rest }));
      case 'changeAnswer':
        return answers.change(...request.with);
      case 'getAnswer':
        return answers.get(...request.with);
      case 'readAnswers':
        return answers.history.read(...request.with).then(carriedPage);
      case 'removeAnswers':
        return answers.history.remove(...request.with);
      case 'startControl':
        [client.nodeId] = request.with;
        return null;
      case 'sendControl': {
        const [payload, to] = request.with;
        this.#control(client, payload, to);
        return null;
      }
      case 'probe':
        return null;
    }
  }

  #subscribe(client: Client, channel: ChannelName): Promise<void> {
    const clients = this.#subscribed.get(channel) ?? new Set();
    this.#subscribed.set(channel, clients.add(client));
    client.channels.add(channel);
    return this.#broker.subscribe(channel);
  }

  async #unsubscribe(client: Client, channel: ChannelName): Promise<void> {
    client.channels.delete(channel);
    const clients = this.#subscribed.get(channel);
    clients?.delete(client);
    if (clients?.size !== 0) return;
    this.#subscribed.delete(channel);
    await this.#broker.unsubscribe(channel);
  }

  #control(sender: Client, payload: string, to: string | null): void {
    const from = sender.nodeId;
    if (from === undefined) return;
    for (const client of this.#clients) {
      if (client === sender || client.nodeId === undefined || (to !== null && client.nodeId !== to)) continue;
      client.send({ kind: 'control', payload, from });
    }
  }

  /** The process has ended, and all its clients are gone (G8). */
  async #lose(client: Client): Promise<void> {
    this.#clients.delete(client);
    // In case the process could not announce that itself.
    this.#control(client, encodeClusterMessage({ kind: 'bye' }), null);
    for (const channel of client.channels) await this.#unsubscribe(client, channel);
    for (const [channel, ids] of client.present) {
      for (const id of ids) await this.#broker.presence.remove(channel, id);
    }
  }
}
