/** Official clients over all transports and codecs that come, go, stumble, and follow some channels meanwhile. */

import { Centrifuge, State, type SubscriptionOptions, SubscriptionState, type TransportEndpoint } from 'centrifuge';
import { EventSource } from 'eventsource';
import { WebSocket } from 'ws';
import { LongPollingSocket } from '../../src/client/long-polling-socket.js';
import type { SeededRandom } from '../chaos/seeded-random.js';
import { endpoint } from '../cli/handshake.js';
import { newProtobufClient } from '../support/centrifuge/protobuf-client.js';
import { follow, type Latencies, type Verdict } from './follower.js';
import type { SoakNode } from './soak-node.js';

export const kinds = ['json', 'protobuf', 'compressed', 'http_stream', 'sse', 'long_polling'] as const;
type Kind = (typeof kinds)[number];

interface Followed {
  readonly name: string;
  readonly options: Partial<SubscriptionOptions>;
  /** Whether it gets every publication. */
  readonly isComplete: boolean;
}

/** What members choose from. */
const channels: readonly Followed[] = [
  ...[1, 2, 3].map((n) => ({ name: `chat:${n}`, options: { joinLeave: true }, isComplete: true })),
  { name: 'price:a', options: { delta: 'fossil' }, isComplete: true },
  { name: 'price:b', options: {}, isComplete: true },
  { name: 'match:1', options: {}, isComplete: false },
  { name: 'answers:1', options: {}, isComplete: false },
  { name: 'news:world', options: { tagsFilter: { key: 'kind', cmp: 'eq', val: 'odd' } }, isComplete: false },
  { name: 'news:local', options: {}, isComplete: true },
];
const channelsEach = 3;

export interface MembersOptions {
  readonly nodes: readonly SoakNode[];
  readonly random: SeededRandom;
  readonly size: number;
  readonly verdict: Verdict;
  readonly latencies: Latencies;
}

interface Member {
  readonly client: Centrifuge;
  readonly sockets: Set<WebSocket>;
}

export class Members {
  readonly #members: Member[] = [];
  /** That have come, from the start. */
  numCame = 0;

  constructor(private readonly options: MembersOptions) {}

  /** Everybody comes. */
  gather(): void {
    while (this.#members.length < this.options.size) this.#members.push(this.#enter());
  }

  /** One of them leaves and another comes, loses its connection, or leaves a channel for a moment. */
  churn(): void {
    const { random } = this.options;
    const at = random.below(this.#members.length);
    const member = this.#members[at];
    if (member === undefined) return;
    switch (random.below(4)) {
      case 0:
      case 1:
        leave(member);
        this.#members[at] = this.#enter();
        break;
      case 2:
        // Is gone without a word, and comes back.
        for (const socket of member.sockets) socket.terminate();
        break;
      default: {
        const [subscription] = Object.values(member.client.subscriptions());
        subscription?.unsubscribe();
        subscription?.subscribe();
      }
    }
  }

  get size(): number {
    return this.#members.length;
  }

  get numConnected(): number {
    return this.#members.filter(({ client }) => client.state === State.Connected).length;
  }

  /** Whether everyone is where it wants to be. */
  get isSettled(): boolean {
    return this.#members.every(
      ({ client }) =>
        client.state === State.Connected &&
        Object.values(client.subscriptions()).every(({ state }) => state === SubscriptionState.Subscribed),
    );
  }

  /** Everybody leaves. */
  disperse(): void {
    for (const member of this.#members.splice(0)) leave(member);
  }

  #enter(): Member {
    const { random, verdict, latencies } = this.options;
    // In turn, so that each kind is there from the first moment on.
    const kind = kinds[this.numCame++ % kinds.length] ?? 'json';
    const sockets = new Set<WebSocket>();
    const client = this.#make(kind, sockets);
    const offset = random.below(channels.length);
    for (let n = 0; n < channelsEach; n++) {
      const followed = channels[(offset + n) % channels.length];
      if (followed === undefined) continue;
      // Each client keeps its own kind of data: the delta of one is not the other's.
      const options = kind === 'protobuf' && 'delta' in followed.options ? {} : followed.options;
      const subscription = client.newSubscription(followed.name, {
        minResubscribeDelay: 100,
        maxResubscribeDelay: 2_000,
        ...options,
      });
      follow(subscription, verdict, latencies, followed.isComplete);
      subscription.subscribe();
    }
    client.connect();
    return { client, sockets };
  }

  #make(kind: Kind, sockets: Set<WebSocket>): Centrifuge {
    const { nodes, random } = this.options;
    const up = () => random.pick(nodes.some(({ isUp }) => isUp) ? nodes.filter(({ isUp }) => isUp) : nodes);
    /** Goes to another node each time, as behind a load balancer. */
    class Socket extends WebSocket {
      constructor(_: string, protocols?: string | string[]) {
        super(endpoint(up().url), protocols, { perMessageDeflate: kind === 'compressed' });
        sockets.add(this);
        this.once('close', () => sockets.delete(this));
      }
    }
    const options = {
      minReconnectDelay: 100,
      maxReconnectDelay: 2_000,
      timeout: 15_000,
      websocket: Socket,
      eventsource: EventSource,
      sockjs: LongPollingSocket,
    };
    switch (kind) {
      case 'json':
      case 'compressed':
        return new Centrifuge('ws://fleet.invalid', options);
      case 'protobuf':
        return newProtobufClient('ws://fleet.invalid', options);
      default: {
        const { url } = up();
        const transport = kind === 'long_polling' ? 'sockjs' : kind;
        const endpoints: TransportEndpoint[] = [{ transport, endpoint: `${url}/connection/${kind}` }];
        return new Centrifuge(endpoints, { ...options, emulationEndpoint: `${url}/emulation` });
      }
    }
  }
}

function leave({ client }: Member): void {
  client.disconnect();
  client.removeAllListeners();
}
