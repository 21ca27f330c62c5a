/** The brokers that a configuration can name. The options of one begin with its name, as in `redis.prefix`. */

export interface BrokerKind {
  readonly schemes: readonly string[];
  /** For people. */
  readonly address: string;
}

export const brokerKinds = {
  memory: { schemes: ['memory'], address: 'the broker memory' },
  redis: {
    schemes: ['redis', 'valkey'].flatMap((name) =>
      ['', '+sentinel', '+cluster'].flatMap((way) => [`${name}${way}`, `${name}s${way}`]),
    ),
    address: 'a broker redis://…',
  },
  nats: { schemes: ['nats', 'tls'], address: 'a broker nats://… or tls://…' },
  rabbitmq: { schemes: ['amqp', 'amqps'], address: 'a broker amqp://…' },
} as const satisfies Record<string, BrokerKind>;

export type BrokerName = keyof typeof brokerKinds;

// safe: the keys of the table
export const brokerNames = Object.keys(brokerKinds) as BrokerName[];

export const brokerSchemes: readonly string[] = brokerNames.flatMap((name) => brokerKinds[name].schemes);

export function brokerNameOf(address: string): BrokerName | undefined {
  const [scheme = ''] = /^[\w+]*/.exec(address) ?? [];
  return brokerNames.find((name) => (brokerKinds[name] as BrokerKind).schemes.includes(scheme));
}
