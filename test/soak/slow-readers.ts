/** Official clients on sockets that are read for a moment and then not for a long one: some for every policy. */

import { Centrifuge } from 'centrifuge';
import { WebSocket } from 'ws';
import type { SeededRandom } from '../chaos/seeded-random.js';
import { endpoint } from '../cli/handshake.js';
import type { SoakNode } from './soak-node.js';

/** One for each policy, and a map. */
const channels = ['bulk-recover:1', 'bulk-latest:1', 'bulk-oldest:1', 'bulk-disconnect:1', 'game:1'] as const;
const readsMs = 300;
const restsMs = 4_000;

export class SlowReaders {
  readonly #readers: SlowReader[];

  /** @param perChannel so many of each */
  constructor(nodes: readonly SoakNode[], random: SeededRandom, perChannel: number) {
    this.#readers = channels.flatMap((channel) =>
      Array.from({ length: perChannel }, () => new SlowReader(channel, nodes, random)),
    );
  }

  /** Times that one lost its connection, by the code that it was given. */
  get ends(): ReadonlyMap<number, number> {
    const ends = new Map<number, number>();
    for (const reader of this.#readers)
      for (const [code, count] of reader.ends) ends.set(code, (ends.get(code) ?? 0) + count);
    return ends;
  }

  begin(): void {
    for (const reader of this.#readers) reader.come();
  }

  end(): void {
    for (const reader of this.#readers) reader.leave();
  }
}

class SlowReader {
  readonly ends = new Map<number, number>();
  #client: Centrifuge | undefined;
  #socket: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly channel: string,
    private readonly nodes: readonly SoakNode[],
    private readonly random: SeededRandom,
  ) {}

  come(): void {
    const { nodes, random, channel } = this;
    const taken = (socket: WebSocket) => {
      this.#socket = socket;
    };
    class Socket extends WebSocket {
      constructor() {
        const up = nodes.filter(({ isUp }) => isUp);
        super(endpoint(random.pick(up.length > 0 ? up : nodes).url), { perMessageDeflate: false });
        taken(this);
      }
    }
    const client = new Centrifuge('ws://fleet.invalid', {
      websocket: Socket,
      minReconnectDelay: 200,
      maxReconnectDelay: 2_000,
      timeout: 15_000,
    });
    client.on('connecting', ({ code }) => {
      // 0: it has only just begun.
      if (code > 0) this.ends.set(code, (this.ends.get(code) ?? 0) + 1);
    });
    const isMap = channel.startsWith('game:');
    const subscription = isMap ? client.newMapSubscription(channel) : client.newSubscription(channel);
    subscription.subscribe();
    client.connect();
    this.#client = client;
    this.#read();
  }

  leave(): void {
    clearTimeout(this.#timer);
    this.#socket?.resume();
    this.#client?.disconnect();
    this.#client?.removeAllListeners();
    this.#client = undefined;
  }

  #read(): void {
    this.#socket?.resume();
    this.#timer = setTimeout(() => {
      this.#socket?.pause();
      this.#timer = setTimeout(() => this.#read(), restsMs);
    }, readsMs);
  }
}
