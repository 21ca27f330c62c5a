/** What the benchmarks measure and the calculator needs. Times are CPU, in microseconds of a core. */

/** Of one publication: when it comes alone, and when many share what they can. */
export interface Cost {
  readonly single: number;
  readonly many: number;
}

export interface BrokerCosts {
  /** Of the process that publishes. */
  readonly publishUs: Cost;
  /** Of a process with subscribers: taking it, and delivering it to the first of them. */
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
  /** A connection until it is subscribed, with a token that is verified. */
  readonly connectUs: number;
  /** A ping and its answer. */
  readonly pingUs: number;
  /** A delivery of {@link payloadBytes} to one of many subscribers. */
  readonly deliveryUs: number;
  readonly payloadBytes: number;
  /** What a larger payload adds to a delivery. */
  readonly deliveryUsPerKib: number;
  /** What a further node that a publication goes to costs a broker, as a share of the first. */
  readonly brokerReachShare: number;
  /** By name; `kept` are the costs on channels with history, where they differ. */
  readonly brokers: Readonly<
    Record<'memory' | 'local' | 'redis' | 'nats' | 'rabbitmq', BrokerCosts & { readonly kept?: BrokerCosts }>
  >;
}
