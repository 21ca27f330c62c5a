/** Many official clients that follow the channels of a run, each on whichever node it gets to. */

import { Centrifuge, State, SubscriptionState } from 'centrifuge';
import type { ChaosNode } from './chaos-node.js';
import { dialler } from './dialler.js';
import type { Recorder } from './recorder.js';
import type { SeededRandom } from './seeded-random.js';

/** As the SDK, but quicker than its defaults: at most so long between attempts. */
const maxDelayMs = 1_500;

export interface AudienceOptions {
  readonly numClients: number;
  readonly channels: readonly string[];
  readonly channelsPerClient: number;
  readonly nodes: readonly ChaosNode[];
  readonly recorder: Recorder;
  readonly random: SeededRandom;
}

interface Member {
  readonly name: string;
  readonly client: Centrifuge;
  node: string;
  connection: string | undefined;
}

export class Audience implements Disposable {
  readonly #members: Member[] = [];

  constructor(private readonly options: AudienceOptions) {
    for (let n = 1; n <= options.numClients; n++) this.#members.push(this.#enter(`client ${n}`, n));
  }

  /** Clients that are to stay, by the node that they are connected to. */
  connectedTo(node: string): readonly { readonly name: string; readonly connection: string }[] {
    return this.#members.flatMap(({ name, node: at, connection }) =>
      at === node && connection !== undefined ? [{ name, connection }] : [],
    );
  }

  /** Everybody to everything. */
  get isSubscribed(): boolean {
    return this.#members.every(({ client }) =>
      Object.values(client.subscriptions()).every(({ state }) => state === SubscriptionState.Subscribed),
    );
  }

  isElsewhere(nodes: readonly string[]): boolean {
    return this.#members.every(({ node, connection }) => connection !== undefined && !nodes.includes(node));
  }

  /** Whether that client has ended for good. */
  isGone(name: string): boolean {
    return this.#members.some((member) => member.name === name && member.client.state === State.Disconnected);
  }

  /** A client that was told to go comes back, as a new one. */
  replace(name: string): void {
    const index = this.#members.findIndex((member) => member.name === name);
    const old = this.#members[index];
    if (old === undefined) return;
    old.client.disconnect();
    this.#members[index] = this.#enter(`${name}'`, index + 1);
  }

  /** For a moment more, so that presence changes by people who leave properly. */
  comeAndGo(name: string, channel: string): { leave(): void } {
    const member = this.#make(name);
    const subscription = member.client.newSubscription(channel);
    this.options.recorder.subscription(name, subscription);
    subscription.subscribe();
    member.client.connect();
    return {
      leave() {
        subscription.unsubscribe();
        member.client.disconnect();
      },
    };
  }

  [Symbol.dispose](): void {
    for (const { client } of this.#members) client.disconnect();
  }

  #enter(name: string, n: number): Member {
    const { channels, channelsPerClient, recorder } = this.options;
    const member = this.#make(name);
    for (let k = 0; k < channelsPerClient; k++) {
      const channel = channels[(n + k) % channels.length] ?? '';
      const subscription = member.client.newSubscription(channel, {
        minResubscribeDelay: 50,
        maxResubscribeDelay: maxDelayMs,
      });
      recorder.subscription(name, subscription);
      subscription.subscribe();
    }
    member.client.connect();
    return member;
  }

  #make(name: string): Member {
    const { nodes, random, recorder } = this.options;
    let node = '';
    const client = new Centrifuge('ws://fleet.invalid', {
      websocket: dialler(nodes, random, (name) => {
        node = name;
      }),
      minReconnectDelay: 50,
      maxReconnectDelay: maxDelayMs,
    });
    const member: Member = { name, client, node, connection: undefined };
    client.on('connected', ({ client: connection }) => Object.assign(member, { node, connection }));
    client.on('connecting', () => Object.assign(member, { connection: undefined }));
    client.on('disconnected', () => Object.assign(member, { connection: undefined }));
    recorder.client(name, client, () => node);
    return member;
  }
}
