/** Benchmark results for the calculator. Times are CPU, in microseconds of a core. */

/** Of one publication: when it is alone, and when many share system calls. */
export interface Cost {
  readonly single: number;
  readonly many: number;
}

export interface BrokerCosts {
  /** Of the process that publishes. */
  readonly publishUs: Cost;
  /** Of a process with subscribers: receiving it, and delivering it to the first of them. */
  readonly arriveUs: Cost;
  /** Of the broker itself. */
  readonly brokerUs: Cost;
}

export interface Measured {
  /** The processor, for people. */
  readonly machine: string;
  /** A process without connections. */
  readonly processBytes: number;
  /** CPU of a process that has nothing to do, in cores: timers, heartbeats, probes. */
  readonly idleCores: number;
  /** Of the process, for each connection with one subscription. */
  readonly connectionBytes: number;
  /** Of the kernel, for each connection. */
  readonly socketBytes: number;
  /** Connecting and subscribing, with a verified token. */
  readonly connectUs: number;
  /** A ping and its answer. */
  readonly pingUs: number;
  /** A delivery of {@link payloadBytes} to one of many subscribers. */
  readonly deliveryUs: number;
  readonly payloadBytes: number;
  /** Additional cost of a delivery for a larger payload. */
  readonly deliveryUsPerKib: number;
  /** Cost for the broker of each further node that a publication goes to, as a share of the first. */
  readonly brokerReachShare: number;
  /** By name; `kept` are the costs on channels with history, where they differ. */
  readonly brokers: Readonly<
    Record<'memory' | 'local' | 'redis' | 'nats' | 'rabbitmq', BrokerCosts & { readonly kept?: BrokerCosts }>
  >;
}
