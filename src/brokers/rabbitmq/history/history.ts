/**
 * Streams of channels in one stream queue of RabbitMQ, which all nodes write and read: the order of its records is the
 * order of the publications. Several queues would not be faster, since every node would have to read them all.
 * Guarantees:
 *
 * - An acknowledged publication was read back from the queue, at the returned offset.
 * - The same idempotency key within five minutes is one publication, from any node.
 * - Reading waits for a record of its own, so a page is never behind an acknowledgement.
 * - After a restart of the server, which may have lost records, all channels get another epoch.
 *
 * Other folders use only this file of the folder.
 */

import type {
  HistoryPage,
  HistoryQuery,
  HistoryStore,
  Published,
  PublishOptions,
} from '../../../engine/ports/broker.js';
import { pause } from '../../../engine/time/pause.js';
import type { ChannelName } from '../../../model/channel-name.js';
import { FanfareError } from '../../../model/fanfare-error.js';
import type { NewPublication, Publication } from '../../../model/publication.js';
import { GarbageLog } from '../../garbage-log.js';
import type { Session } from '../../link.js';
import type { BrokerPorts } from '../../ports.js';
import { Rounds } from '../../rounds.js';
import { Acknowledgements } from '../acknowledgements.js';
import type { Connection, Lane } from '../client-library.js';
import { type RabbitmqLink, rabbitmqLink } from '../link.js';
import type { Message } from '../message.js';
import type { Names } from '../names.js';
import type { FilledRabbitmqOptions } from '../options.js';
import { ChannelLog } from './channel-log.js';

interface HistoryPorts extends BrokerPorts {
  /** Name of the server, for people. */
  readonly name: string;
  readonly dial: () => Promise<Connection>;
  readonly names: Names;
  readonly options: FilledRabbitmqOptions;
  /** Publishes to the exchange of the nodes. */
  readonly send: (routingKey: string, message: Message) => Promise<void>;
  readonly isWanted: (channel: ChannelName) => boolean;
  readonly onPublication: (channel: ChannelName, publication: Publication, epoch: string) => void;
  readonly onInterrupted: (channels?: readonly ChannelName[]) => void;
}

/** Reading existing records takes a second for some ten thousand. */
const catchUpTimeoutMs = 120_000;
const sweepIntervalMs = 10_000;
/** Readers of a stream that was just declared may be refused (406): the server has not started it yet. */
const maxFirstAttempts = 8;
/** Interval of checks whether another node is still starting a life, which takes some round trips. */
const turnIntervalMs = 100;
/** The server keeps nothing for longer, whatever the rules say. */
const maxAge = '24h';

export class RabbitmqHistory implements HistoryStore {
  readonly #log: ChannelLog;
  readonly #garbage: GarbageLog;
  readonly #link: RabbitmqLink<Session>;
  #lane: Lane | undefined;
  readonly #sweeps: Rounds;

  constructor(private readonly ports: HistoryPorts) {
    const { names, options, send, onInterrupted } = ports;
    this.#garbage = new GarbageLog('the stream of rabbitmq', ports);
    this.#log = new ChannelLog({
      ...ports,
      ...options,
      queue: names.log,
      send: (message) => send(names.log, message),
      onDoubt: (channel) => onInterrupted([channel]),
      onGarbage: (error) => this.#garbage.found(error, names.log),
    });
    this.#sweeps = new Rounds(ports.clock, sweepIntervalMs, () => this.#log.sweep());
    this.#link = rabbitmqLink<Session>(
      {
        name: ports.name,
        dial: ports.dial,
        open: (connection, fail) => this.#open(connection, fail),
        onAgain: () => onInterrupted(),
        timeoutMs: options.timeoutMs,
        openTimeoutMs: () => catchUpTimeoutMs,
        maxFirstAttempts,
      },
      ports,
    );
  }

  /** Resolves when the whole stream has been read. */
  async start(): Promise<void> {
    await this.#link.start();
    this.#sweeps.start();
  }

  close(): void {
    this.#garbage.close();
    this.#sweeps.close();
    this.#link.close();
  }

  /** @throws FanfareError `ERR_BROKER` */
  publish(channel: ChannelName, publication: NewPublication, options: PublishOptions): Promise<Published> {
    return this.#log.publish(channel, publication, options);
  }

  async read(channel: ChannelName, query: HistoryQuery): Promise<HistoryPage> {
    const stream = await this.#log.stream(channel);
    return stream.read(query, this.ports.clock.nowMs());
  }

  async remove(channel: ChannelName): Promise<void> {
    await this.#log.clear(channel);
  }

  /** Resolves when all earlier publications have been read. */
  async probe(): Promise<void> {
    try {
      await this.#log.barrier();
    } catch (error) {
      // The record was accepted but not delivered: the connection works, but the consumer is dead (G10).
      if (this.#log.isSilent) this.#link.renew('nothing is read any more');
      throw error;
    }
  }

  async #open(connection: Connection, fail: (reason: Error) => void): Promise<Session> {
    assertStreams(connection);
    const lane = await connection.createChannel();
    this.#lane = lane;
    const end = (reason: Error) => {
      if (this.#lane !== lane) return;
      this.#lane = undefined;
      this.#log.detach(reason);
    };
    lane.on('error', fail);
    lane.on('close', () => {
      const reason = new Error('the server has ended the conversation');
      end(reason);
      fail(reason);
    });
    await this.#declare(connection);
    const wasAlive = await this.#isAlive(connection);
    await lane.prefetch(this.ports.options.prefetch);
    const acknowledgements = new Acknowledgements(lane, this.ports.clock);
    await this.#log.attach(lane, (one) => acknowledgements.add(one), fail);
    if (!wasAlive || this.#log.life === '') await this.#beginLife(connection);
    this.#log.open();
    return { ping: () => lane.checkQueue(this.ports.names.log), end };
  }

  async #declare(connection: Connection): Promise<void> {
    const { names, options } = this.ports;
    // An existing queue may have other limits, which are the operator's decision.
    const isThere = await attempted(connection, (lane) => lane.checkQueue(names.log));
    const lane = await connection.createChannel();
    lane.on('error', () => undefined);
    await lane.assertExchange(names.nodes, 'direct', { durable: true });
    if (isThere === undefined) {
      await lane.assertQueue(names.log, {
        durable: true,
        arguments: {
          'x-queue-type': 'stream',
          'x-max-length-bytes': options.maxLogBytes,
          'x-max-age': maxAge,
          'x-stream-max-segment-size-bytes': Math.ceil(options.maxLogBytes / 16),
        },
      });
    }
    await lane.bindQueue(names.log, names.nodes, names.log);
    await lane.close();
  }

  /**
   * Whether the server has not been restarted since a node last checked. A restart may lose records that were not on
   * disk, and use their offsets again. If this is unknown, a restart is assumed.
   */
  async #isAlive(connection: Connection): Promise<boolean> {
    const { alive, nodes } = this.ports.names;
    const answer = await attempted(connection, async (lane) => {
      const declared = await lane.assertQueue(alive, { durable: true, arguments: { 'x-max-length': 1 } });
      await lane.bindQueue(alive, nodes, alive);
      return declared;
    });
    return answer !== undefined && answer.messageCount > 0;
  }

  /** One node at a time: the others find the life that it has started, and do not start another one. */
  async #beginLife(connection: Connection): Promise<void> {
    const turn = await this.#turn(connection);
    await this.#log.catchUp();
    const isAlive = await this.#isAlive(connection);
    if (!isAlive || this.#log.life === '') await this.#log.breakOff();
    if (!isAlive) await this.#setAlive();
    await turn.deleteQueue(this.ports.names.turn);
    await turn.close();
  }

  /** Waits for the exclusive queue that only one connection can have; the server deletes it with that connection. */
  async #turn(connection: Connection): Promise<Lane> {
    const { clock, names } = this.ports;
    for (;;) {
      const lane = await connection.createChannel();
      lane.on('error', () => undefined);
      try {
        await lane.assertQueue(names.turn, { exclusive: true, durable: false });
        return lane;
      } catch (error) {
        if (!isLocked(error)) throw error;
        await pause(clock, turnIntervalMs);
      }
    }
  }

  async #setAlive(): Promise<void> {
    const { names, send } = this.ports;
    await send(names.alive, { type: 'alive', content: Buffer.from('1'), headers: {} });
  }
}

/** AMQP's RESOURCE_LOCKED. */
function isLocked(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 405;
}

/** Uses its own AMQP channel, which ends if the work fails. @returns `undefined` if it failed */
async function attempted<T>(connection: Connection, work: (lane: Lane) => Promise<T>): Promise<T | undefined> {
  const lane = await connection.createChannel();
  lane.on('error', () => undefined);
  try {
    const result = await work(lane);
    await lane.close();
    return result;
  } catch {
    return undefined;
  }
}

/** @throws FanfareError `ERR_CONFIG` */
function assertStreams(connection: Connection): void {
  const { version } = connection.connection.serverProperties;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 3 || (major === 3 && minor < 9)) {
    throw new FanfareError('ERR_CONFIG', `RabbitMQ ${version} has no streams to keep history in: set history to false`);
  }
}
