/**
 * The broker of a worker: all calls go to a host in another process, over a local socket. An acknowledged publication
 * lives as long as the host; delivery is exactly once and in order.
 */

import { once } from 'node:events';
import { connect } from 'node:net';
import type {
  Broker,
  BrokerEvents,
  HistoryStore,
  KeptAnswers,
  PresenceStore,
  Published,
  PublishOptions,
} from '../../engine/ports/broker.js';
import type { Cancel, Clock } from '../../engine/ports/clock.js';
import type { ControlChannel } from '../../engine/ports/control-channel.js';
import type { MapStore } from '../../engine/ports/map-store.js';
import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { ClientInfo, NewPublication } from '../../model/publication.js';
import { StatePage } from '../../model/state-page.js';
import { deliver } from '../bus-message.js';
import { carried, uncarried, uncarriedPage } from './carried.js';
import { LineSocket } from './line-socket.js';
import type { LocalMessage, LocalOperation, LocalOperations } from './messages.js';

/** Largest number of requests without an answer. */
const maxPending = 100_000;
/** Longest wait for an answer, in case the host hangs. The request may still take effect. */
const answerLimitMs = 4_000;

interface Pending {
  readonly untilMs: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: FanfareError) => void;
}

interface LocalBrokerOptions {
  /** Where the host listens. */
  readonly path: string;
  readonly clock: Clock;
  /** Called when the host is gone for good. */
  readonly onLost?: () => void;
}

export class LocalBroker implements Broker {
  readonly name = 'local';
  readonly losesNothing = true;
  readonly comparesVersions = true;
  readonly carriesBytes = true;
  /** Oldest first. */
  readonly #pending = new Map<number, Pending>();
  #late: Cancel | undefined;
  #lastId = 0;
  #socket: LineSocket | undefined;
  #events: BrokerEvents | undefined;
  #onControl: ((payload: string, from: string) => void) | undefined;
  #closed: Promise<void> | undefined;
  #onClosed = (): void => undefined;

  readonly history: HistoryStore = {
    read: async (channel, query) => uncarriedPage(await this.#ask('read', channel, query)),
    remove: async (channel) => void (await this.#ask('removeHistory', channel)),
  };

  readonly maps: MapStore = {
    boundsBytes: true,
    set: (channel, entry, options) => this.#ask('setKey', channel, entry, options),
    remove: (channel, entry, options) => this.#ask('removeKey', channel, entry, options),
    renew: (channel, key, ttlMs) => this.#ask('renewKey', channel, key, ttlMs),
    get: (channel, key) => this.#ask('getKey', channel, key),
    page: async (channel, query) => {
      const { entries, ...rest } = await this.#ask('pageOfMap', channel, query);
      return { state: new StatePage(entries), ...rest };
    },
  };

  readonly answers: KeptAnswers = {
    change: (channel, change, limits) => this.#ask('changeAnswer', channel, change, limits),
    get: async (channel, id) => (await this.#ask('getAnswer', channel, id)) ?? undefined,
    history: {
      read: async (channel, query) => uncarriedPage(await this.#ask('readAnswers', channel, query)),
      remove: async (channel) => void (await this.#ask('removeAnswers', channel)),
    },
  };

  readonly presence: PresenceStore = {
    add: async (channel, info, ttlMs) => void (await this.#ask('addPresence', channel, info, ttlMs)),
    remove: async (channel, client) => void (await this.#ask('removePresence', channel, client)),
    list: (channel, limit) => this.#ask('listPresence', channel, limit),
    stats: (channel) => this.#ask('presenceStats', channel),
  };

  readonly control: ControlChannel = {
    start: async (nodeId, onMessage) => {
      this.#onControl = onMessage;
      await this.#ask('startControl', nodeId);
    },
    send: async (payload, to) => void (await this.#ask('sendControl', payload, to ?? null)),
  };

  constructor(private readonly options: LocalBrokerOptions) {}

  async start(events: BrokerEvents): Promise<void> {
    this.#events = events;
    const socket = connect(this.options.path);
    try {
      await once(socket, 'connect');
    } catch (cause) {
      throw new FanfareError('ERR_BROKER', 'the broker of this machine is not there', { cause });
    }
    // safe: the peer runs the same program
    const take = (message: unknown) => this.#take(message as LocalMessage);
    this.#socket = new LineSocket(socket, take, () => this.#lost());
  }

  close(deadlineMs: number): Promise<void> {
    this.#closed ??= this.#end(deadlineMs);
    return this.#closed;
  }

  async subscribe(channel: ChannelName): Promise<void> {
    await this.#ask('subscribe', channel);
  }

  async unsubscribe(channel: ChannelName): Promise<void> {
    await this.#ask('unsubscribe', channel);
  }

  publish(channel: ChannelName, publication: NewPublication, options: PublishOptions): Promise<Published> {
    return this.#ask('publish', channel, carried(publication), options);
  }

  async announce(channel: ChannelName, event: 'join' | 'leave', info: ClientInfo): Promise<void> {
    await this.#ask('announce', channel, event, info);
  }

  async probe(): Promise<void> {
    await this.#ask('probe');
  }

  #ask<Name extends LocalOperation>(
    operation: Name,
    ...args: Parameters<LocalOperations[Name]>
  ): Promise<ReturnType<LocalOperations[Name]>> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(new FanfareError('ERR_CLOSED', 'the broker is closed'));
      if (this.#socket?.isOpen !== true) return reject(unreachable());
      if (this.#pending.size >= maxPending) {
        return reject(new FanfareError('ERR_BROKER', 'too much waits for the broker of this machine'));
      }
      const id = ++this.#lastId;
      const untilMs = this.options.clock.nowMs() + answerLimitMs;
      // safe: the host answers each operation with its result
      this.#pending.set(id, { untilMs, resolve: resolve as (result: unknown) => void, reject });
      this.#late ??= this.options.clock.schedule(() => this.#rejectLate(), answerLimitMs);
      this.#socket.send({ id, do: operation, with: args });
    });
  }

  #rejectLate(): void {
    this.#late = undefined;
    const { clock } = this.options;
    for (const [id, { untilMs, reject }] of this.#pending) {
      if (untilMs > clock.nowMs()) {
        this.#late = clock.schedule(() => this.#rejectLate(), untilMs - clock.nowMs());
        return;
      }
      this.#settle(id);
      reject(new FanfareError('ERR_BROKER', 'the broker of this machine does not answer'));
    }
  }

  #take(message: LocalMessage): void {
    switch (message.kind) {
      case 'done':
        this.#settle(message.id)?.resolve(message.result);
        break;
      case 'failed':
        this.#settle(message.id)?.reject(new FanfareError(message.code, message.message));
        break;
      case 'control':
        this.#onControl?.(message.payload, message.from);
        break;
      case 'publication':
        this.#events?.onPublication(message.channel, uncarried(message.publication), message.epoch);
        break;
      default:
        deliver(this.#events, message.channel, message);
    }
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#onClosed();
    return pending;
  }

  #lost(): void {
    this.#late?.();
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(unreachable());
    if (this.#closed === undefined) this.options.onLost?.();
  }

  async #end(deadlineMs: number): Promise<void> {
    if (this.#pending.size > 0 && this.#socket?.isOpen === true) {
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, deadlineMs);
        this.#onClosed = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
    this.#late?.();
    this.#socket?.end();
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(unreachable());
  }
}

function unreachable(): FanfareError {
  return new FanfareError('ERR_BROKER', 'the broker of this machine is not there');
}
