/** Publishes to all channels of the soak over the HTTP API of whichever node is up, each second so much. */

import { ApiCalls } from './api-calls.js';
import type { SoakNode } from './soak-node.js';
import { StreamProducer } from './stream-producer.js';

const words = 'the quick brown fox jumps over the lazy dog '.repeat(8);

export interface PublisherOptions {
  readonly nodes: readonly SoakNode[];
  /** Rounds a second; each publishes to every channel. */
  readonly roundsPerSec: number;
  /** Of a message to slow readers, in bytes. */
  readonly bulkBytes: number;
}

export class Publisher {
  #calls = new ApiCalls();
  #timer: NodeJS.Timeout | undefined;
  #round = 0;
  readonly #streams = new StreamProducer();
  readonly #underWay = new Set<Promise<void>>();
  numTaken = 0;
  /** Not taken: while a node goes, the next one gets it. */
  numRefused = 0;

  constructor(private readonly options: PublisherOptions) {}

  begin(): void {
    this.#calls = new ApiCalls();
    this.#timer = setInterval(() => this.#publish(), 1_000 / this.options.roundsPerSec);
  }

  /** Resolves when nothing is under way any more. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    this.#calls.close();
  }

  #publish(): void {
    const up = this.options.nodes.filter(({ isUp }) => isUp);
    const round = this.#round++;
    const node = up[round % up.length];
    if (node === undefined) return;
    const [atMs, bulk] = [Date.now(), 'x'.repeat(this.options.bulkBytes)];
    const commands = [
      ...[1, 2, 3].map((n) => publish(`chat:${n}`, { atMs, round, words })),
      publish('price:a', { atMs, round, words, open: 100 }),
      publish('price:b', { atMs, round }),
      publish('match:1', { atMs, round }),
      publish('news:local', { atMs, round }),
      { publish: { channel: 'news:world', data: { atMs, round }, tags: { kind: round % 2 === 0 ? 'even' : 'odd' } } },
      ...['recover', 'latest', 'oldest', 'disconnect'].map((policy) => publish(`bulk-${policy}:1`, { atMs, bulk })),
      // Keys come and go, and come again.
      { map_publish: { channel: 'game:1', key: `player ${round % 50}`, data: { atMs, bulk: words } } },
      { map_remove: { channel: 'game:1', key: `player ${(round * 7) % 50}` } },
    ];
    const calls = this.#calls;
    const sent = Promise.all([calls.post(node, 'batch', { commands }), this.#streams.goOn(calls, node)]).then(
      () => {
        this.numTaken++;
      },
      () => {
        this.numRefused++;
      },
    );
    this.#underWay.add(sent);
    void sent.finally(() => this.#underWay.delete(sent));
  }
}

function publish(channel: string, data: object) {
  return { publish: { channel, data } };
}
