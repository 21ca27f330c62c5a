/** Many clients of a few nodes that come, go, move and vanish, and know which of them are there. */

import { setTimeout as pause } from 'node:timers/promises';
import { Centrifuge } from 'centrifuge';
import { WebSocket } from 'ws';
import type { SeededRandom } from '../chaos/seeded-random.js';
import { endpoint } from '../cli/handshake.js';

/** Who is in a channel: clients with their users. */
export type Members = ReadonlyMap<string, string>;

const settledWithinMs = 20_000;

/** One client, or the place of one who is away. */
class Member {
  node = 0;
  #client: Centrifuge | undefined;
  #socket: WebSocket | undefined;
  #isIn = false;

  constructor(
    readonly user: string,
    private readonly channel: string,
    private readonly urlOf: (node: number) => string,
  ) {}

  get isHere(): boolean {
    return this.#client !== undefined;
  }

  /** Its id, while it is connected and subscribed. */
  id = '';

  /** Whether it is where it wants to be. */
  get isSettled(): boolean {
    return this.#client === undefined || (this.#isIn && this.#client.state === 'connected');
  }

  come(node: number): void {
    this.node = node;
    const member = this;
    class Socket extends WebSocket {
      constructor(url: string) {
        super(url);
        member.#socket = this;
      }
    }
    const client = new Centrifuge(endpoint(this.urlOf(node)), {
      websocket: Socket,
      data: { user: this.user },
      minReconnectDelay: 20,
      maxReconnectDelay: 200,
    });
    this.#client = client;
    client.on('connected', ({ client: id }) => {
      this.id = id;
    });
    const subscription = client.newSubscription(this.channel);
    subscription.on('subscribed', () => {
      this.#isIn = true;
    });
    subscription.on('subscribing', () => {
      this.#isIn = false;
    });
    subscription.subscribe();
    client.connect();
  }

  /** Says good-bye. */
  leave(): void {
    this.#client?.disconnect();
    this.#client = undefined;
    this.#isIn = false;
  }

  /** Is gone without a word. */
  vanish(): void {
    this.#socket?.terminate();
    this.leave();
  }

  /** Loses its connection, and makes a new one. */
  stumble(): void {
    this.#isIn = false;
    this.#socket?.terminate();
  }

  /** Leaves the channel and comes again. */
  comeAgain(): void {
    const subscription = this.#client?.getSubscription(this.channel);
    this.#isIn = false;
    subscription?.unsubscribe();
    subscription?.subscribe();
  }
}

export interface CrowdOptions {
  readonly size: number;
  readonly numUsers: number;
  readonly channel: string;
  readonly random: SeededRandom;
  readonly urls: readonly string[];
}

export class Crowd implements Disposable {
  readonly #members: readonly Member[];
  readonly #random: SeededRandom;
  readonly #numNodes: number;

  constructor({ size, numUsers, channel, random, urls }: CrowdOptions) {
    this.#random = random;
    this.#numNodes = urls.length;
    this.#members = Array.from(
      { length: size },
      (_, n) => new Member(`user ${n % numUsers}`, channel, (node) => urls[node] ?? ''),
    );
  }

  /** Everybody comes, to any node. */
  async gather(): Promise<void> {
    for (const member of this.#members) member.come(this.#random.below(this.#numNodes));
    await this.settled();
  }

  /** So many of them do something, some while they are still at the last thing. Resolves when all are through with it. */
  async churn(times: number): Promise<void> {
    for (let n = 0; n < times; n++) {
      this.#change(this.#random.pick(this.#members));
      // A few at a time.
      if (n % 10 === 9) await pause(20);
    }
    await this.settled();
  }

  /** Those of a node that has died: some come to another, the others are gone with it. @returns how many there were */
  orphaned(node: number): number {
    const orphans = this.#members.filter((member) => member.isHere && member.node === node);
    for (const [index, orphan] of orphans.entries()) {
      orphan.leave();
      if (index % 2 === 0) orphan.come((node + 1) % this.#numNodes);
    }
    return orphans.length;
  }

  /** The truth. */
  present(): Members {
    return new Map(this.#members.flatMap((member) => (member.isHere ? [[member.id, member.user] as const] : [])));
  }

  /** Resolves when everyone is where it wants to be. */
  async settled(): Promise<void> {
    const beganMs = performance.now();
    while (!this.#members.every(({ isSettled }) => isSettled)) {
      if (performance.now() - beganMs > settledWithinMs) throw new Error('the crowd does not come to rest');
      await pause(5);
    }
  }

  [Symbol.dispose](): void {
    for (const member of this.#members) member.leave();
  }

  #change(member: Member): void {
    const elsewhere = this.#random.below(this.#numNodes);
    if (!member.isHere) {
      member.come(elsewhere);
      return;
    }
    const [leave, vanish] = [() => member.leave(), () => member.vanish()];
    const move = (go: () => void) => () => {
      go();
      member.come(elsewhere);
    };
    const all = [leave, vanish, move(leave), move(vanish), () => member.stumble(), () => member.comeAgain()];
    this.#random.pick(all)();
  }
}
