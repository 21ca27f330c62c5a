/** A node on a fake clock, whose clients say themselves who they are: a token is its own claims, as JSON. */

import { onTestFinished } from 'vitest';
import { MemoryBroker } from '../../../src/brokers/memory/broker.js';
import { readConnectionClaims, readSubscriptionClaims } from '../../../src/engine/auth/claims.js';
import { TokenFault } from '../../../src/engine/auth/token-fault.js';
import type { ChannelDeclaration } from '../../../src/engine/channels/channel-options.js';
import { Node } from '../../../src/engine/node.js';
import type { Operations } from '../../../src/engine/operations/operations.js';
import type { Authenticator } from '../../../src/engine/ports/authenticator.js';
import type { Broker } from '../../../src/engine/ports/broker.js';
import type { Random } from '../../../src/engine/ports/clock.js';
import type { EngineLimits } from '../../../src/engine/ports/limits.js';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import type { Observer } from '../../../src/engine/ports/observer.js';
import type { Tracer } from '../../../src/engine/ports/tracer.js';
import type { Session } from '../../../src/engine/sessions/session.js';
import { countingRandom, FakeClock } from './fake-clock.js';
import { RecordedConnection } from './recorded-connection.js';

const credulous: Authenticator = {
  connect: async ({ token = '{}' }) => ({ ok: true, identity: right(readConnectionClaims(JSON.parse(token))) }),
  refresh: async (token) => ({ ok: true, identity: right(readConnectionClaims(JSON.parse(token))) }),
  subscribe: async (token) => ({ ok: true, identity: right(readSubscriptionClaims(JSON.parse(token))).identity }),
};

/** @throws Error for wrong claims: a mistake of the test */
function right<Claims>(claims: Claims | TokenFault): Claims {
  if (claims instanceof TokenFault) throw new Error(claims.message);
  return claims;
}

export interface EngineNodeOptions {
  readonly channels: Readonly<Record<string, ChannelDeclaration>>;
  readonly limits?: Partial<EngineLimits>;
  readonly auth?: Authenticator;
  readonly observer?: Observer;
  readonly tracer?: Tracer;
  /** Default: its own. */
  readonly clock?: FakeClock;
  readonly random?: Random;
  /** Around the memory broker. */
  readonly broker?: (memory: MemoryBroker) => Broker;
}

type Json = Readonly<Record<string, unknown>>;

/** One client of the node. */
export class EngineClient {
  #lastId = 0;

  constructor(
    private readonly clock: FakeClock,
    readonly connection: RecordedConnection,
    readonly session: Session,
  ) {}

  /** Replies and pushes, in order. */
  get messages(): Json[] {
    return this.connection.texts.flatMap((text) => text.split('\n')).map((line): Json => JSON.parse(line));
  }

  /** The pushes of one kind: `pub`, `unsubscribe`, … */
  pushes(kind: string): unknown[] {
    return this.messages.flatMap(({ push }) => (isJson(push) && kind in push ? [push[kind]] : []));
  }

  get closeCode(): number | undefined {
    return this.connection.closedWith?.code;
  }

  /** Sends without waiting. @returns the id */
  send(method: string, fields: unknown): number {
    const id = ++this.#lastId;
    this.session.receive(JSON.stringify({ id, [method]: fields }));
    return id;
  }

  /** The reply once everything has come to rest: the code of its error, or the result. */
  async command(method: string, fields: unknown): Promise<unknown> {
    const id = this.send(method, fields);
    await this.clock.settle();
    const reply = this.messages.find((message) => message.id === id);
    return isJson(reply?.error) ? reply.error.code : reply?.[method];
  }
}

export class EngineNode {
  readonly clock: FakeClock;
  readonly node: Node;
  readonly broker: Broker;

  constructor({
    channels,
    limits = {},
    auth = credulous,
    observer,
    tracer,
    broker = (memory) => memory,
    clock = new FakeClock(),
    random = countingRandom(),
  }: EngineNodeOptions) {
    this.clock = clock;
    this.broker = broker(new MemoryBroker({ clock, random }));
    this.node = new Node({
      clock,
      random,
      broker: this.broker,
      auth,
      channels,
      procedures: new Map(),
      observer,
      tracer,
      log: silentLogger,
      limits,
      version: 'test',
    });
  }

  get operations(): Operations {
    return this.node.operations;
  }

  /** For one test: it is closed when that has finished. */
  static async start(options: EngineNodeOptions): Promise<EngineNode> {
    const node = new EngineNode(options);
    onTestFinished(() => node.close());
    return node.start();
  }

  async start(): Promise<this> {
    await this.node.start();
    return this;
  }

  /** A connection that has not sent anything. */
  open(): EngineClient {
    const connection = new RecordedConnection();
    const session = this.node.ports.open(connection, { headers: new Map(), url: '/', remoteAddress: '192.0.2.1' });
    return new EngineClient(this.clock, connection, session);
  }

  /** A client that has sent its `connect`, whatever came of it. */
  async connect(claims: object = {}): Promise<EngineClient> {
    const client = this.open();
    await client.command('connect', { token: JSON.stringify(claims) });
    return client;
  }

  close(): Promise<void> {
    return this.node.close(0);
  }
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
