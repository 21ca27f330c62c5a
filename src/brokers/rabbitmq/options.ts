/** The options of the RabbitMQ broker. */

export interface RabbitmqOptions {
  /** `amqp://user:password@host:5672/vhost`, or `amqps://` with TLS; servers of one cluster are separated by commas. */
  readonly url: string;
  /** Prefix of all exchanges and queues; fleets that share a virtual host need different ones. Default: `fanfare`. */
  readonly prefix?: string;
  /** How long the server may take to answer before the connection is replaced, in milliseconds. Default: 4,000. */
  readonly timeoutMs?: number;
  /** Messages that may wait for a confirm; further ones fail at once. Default: 10,000. */
  readonly maxInFlight?: number;
  /** Bytes of those messages; further ones fail at once. Default: 33,554,432. */
  readonly maxInFlightBytes?: number;
  /** Messages that wait at the server for a slow node; then the oldest are dropped, with a notice. Default: 100,000. */
  readonly maxQueueLength?: number;
  /** Bytes of those messages. Default: 67,108,864. */
  readonly maxQueueBytes?: number;
  /**
   * Keep history in a stream of RabbitMQ, which every node reads completely. Otherwise rules with history are refused.
   * Default: true.
   */
  readonly history?: boolean;
  /** Bytes that the server keeps of the stream, if it is declared for the first time. Default: 268,435,456. */
  readonly maxLogBytes?: number;
  /** Most characters of payload that a node keeps of all histories together, in memory. Default: 268,435,456. */
  readonly maxHistoryBytes?: number;
  /** Most idempotency keys; beyond it, publishing with a key is refused for a while. Default: 1,000,000. */
  readonly maxIdempotencyKeys?: number;
  /** Unacknowledged messages in transit to a node. Default: 1,000. */
  readonly prefetch?: number;
}

export type FilledRabbitmqOptions = Required<RabbitmqOptions>;

export function withDefaults(given: string | RabbitmqOptions): FilledRabbitmqOptions {
  return {
    prefix: 'fanfare',
    timeoutMs: 4_000,
    maxInFlight: 10_000,
    maxInFlightBytes: 33_554_432,
    maxQueueLength: 100_000,
    maxQueueBytes: 67_108_864,
    history: true,
    maxLogBytes: 268_435_456,
    maxHistoryBytes: 268_435_456,
    maxIdempotencyKeys: 1_000_000,
    prefetch: 1_000,
    ...(typeof given === 'string' ? { url: given } : given),
  };
}
