/** Nodes of the server as installed over one broker, with official clients and publishers whose history is judged. */

import { setTimeout as pause } from 'node:timers/promises';
import { Centrifuge } from 'centrifuge';
import { expect, vi } from 'vitest';
import { WebSocket } from 'ws';
import { HistoryChecker } from '../chaos/checker/history-checker.js';
import { Recorder } from '../chaos/recorder.js';
import { FanfareProcess, Folder } from '../cli/fanfare-process.js';
import { endpoint } from '../cli/handshake.js';

const config = {
  anonymous: true,
  api: { insecure: true },
  channels: {
    'chat:{room}': {
      subscribe: 'anyone',
      publish: 'anyone',
      history: { size: 10_000, ttl: '10m' },
      presence: 'subscriber',
    },
    'plain:{room}': { subscribe: 'anyone', publish: 'anyone' },
  },
};

/** Between two publications of one flow. */
const flowIntervalMs = 10;

interface ApiAnswer {
  readonly result?: { readonly offset?: number; readonly epoch?: string };
  readonly error?: { readonly code: number; readonly message: string };
}

/** What was published to one channel. */
export interface Flow {
  readonly channel: string;
  readonly acknowledged: string[];
  readonly failed: string[];
}

interface Seen {
  readonly channel: string;
  readonly values: unknown[];
  /** Times that the server has ended the subscription, since something may be missing. */
  signals: number;
}

export class ObservedFleet implements AsyncDisposable {
  readonly checker = new HistoryChecker();
  readonly recorder = new Recorder(this.checker);
  readonly seen: Seen[] = [];
  readonly #clients: Centrifuge[] = [];
  readonly #stop = new AbortController();
  readonly #flowing: Promise<void>[] = [];
  #published = 0;

  private constructor(
    readonly nodes: readonly FanfareProcess[],
    readonly urls: readonly string[],
    private readonly folder: Folder,
  ) {}

  /**
   * @param broker its address, or one for each node: the ways there may differ
   * @param more configuration beyond the usual
   */
  static async start(broker: string | readonly string[], numNodes = 2, more: object = {}): Promise<ObservedFleet> {
    const folder = new Folder();
    folder.write('fanfare.json', JSON.stringify({ ...config, ...more }));
    const addresses = typeof broker === 'string' ? Array.from({ length: numNodes }, () => broker) : broker;
    const nodes = addresses.map(
      (address) => new FanfareProcess(['serve', '--port', '0'], { folder, env: { FANFARE_BROKER: address } }),
    );
    return new ObservedFleet(nodes, await Promise.all(nodes.map((node) => node.listening())), folder);
  }

  /** A client of one node in these channels. @returns its id */
  async follow(subscriber: string, node: number, channels: readonly string[]): Promise<string> {
    const client = new Centrifuge(endpoint(this.urls[node] ?? ''), {
      websocket: WebSocket,
      minReconnectDelay: 50,
      maxReconnectDelay: 500,
    });
    this.#clients.push(client);
    this.recorder.client(subscriber, client, () => `node ${node}`);
    const connected = new Promise<string>((resolve) => client.on('connected', (told) => resolve(told.client)));
    client.connect();
    const subscriptions = channels.map((channel) => {
      const subscription = client.newSubscription(channel, { minResubscribeDelay: 50, maxResubscribeDelay: 500 });
      this.recorder.subscription(subscriber, subscription);
      const seen: Seen = { channel, values: [], signals: 0 };
      this.seen.push(seen);
      subscription.on('publication', ({ data }) => seen.values.push(data));
      subscription.on('subscribing', ({ code }) => {
        if (code >= 2500) seen.signals++;
      });
      subscription.subscribe();
      return subscription.ready(10_000);
    });
    await Promise.all(subscriptions);
    return await connected;
  }

  /** Publishes a value of its own through a node. @returns it, and the error's code */
  async publish(channel: string, node: number): Promise<{ readonly value: string; readonly code?: number }> {
    const value = `${++this.#published}`;
    this.recorder.record({ kind: 'publish-invoked', channel, value });
    const { result, error } = await this.call(node, 'publish', { channel, data: value });
    if (error !== undefined) {
      this.recorder.record({ kind: 'publish-failed', channel, value, code: error.code });
      return { value, code: error.code };
    }
    const { offset = 0, epoch = '' } = result ?? {};
    const position = offset > 0 ? { position: { offset, epoch } } : {};
    this.recorder.record({ kind: 'publish-ok', channel, value, ...position });
    return { value };
  }

  /** Publishes to a channel, through one node after the other, until {@link judged}. */
  flow(channel: string): Flow {
    const flow: Flow = { channel, acknowledged: [], failed: [] };
    const run = async () => {
      for (let n = 0; !this.#stop.signal.aborted; n++) {
        const { value, code } = await this.publish(channel, n % this.nodes.length);
        (code === undefined ? flow.acknowledged : flow.failed).push(value);
        await pause(flowIntervalMs);
      }
    };
    this.#flowing.push(run());
    return flow;
  }

  /**
   * Publishes so many a second, whatever becomes of those before, to the channels and through the nodes in turn, until
   * {@link judged}.
   */
  steadyFlows(channels: readonly string[], perSecond: number): { readonly flows: readonly Flow[]; numSent(): number } {
    const flows = channels.map((channel): Flow => ({ channel, acknowledged: [], failed: [] }));
    let numSent = 0;
    const run = async () => {
      const beganMs = performance.now();
      const underWay = new Set<Promise<void>>();
      while (!this.#stop.signal.aborted) {
        for (; numSent < ((performance.now() - beganMs) * perSecond) / 1_000; numSent++) {
          const flow = flows[numSent % flows.length];
          if (flow === undefined) return;
          const node = Math.floor(numSent / flows.length) % this.nodes.length;
          const publishing = this.publish(flow.channel, node).then(({ value, code }) => {
            (code === undefined ? flow.acknowledged : flow.failed).push(value);
            underWay.delete(publishing);
          });
          underWay.add(publishing);
        }
        await pause(flowIntervalMs);
      }
      await Promise.all(underWay);
    };
    this.#flowing.push(run());
    return { flows, numSent: () => numSent };
  }

  /**
   * Until so many more publications of a flow have been acknowledged and everybody has that one or a later one: who is
   * told of a hole in this moment does not get what is in it.
   */
  async goesOn(flow: Flow, timeoutMs: number, count = 10): Promise<void> {
    const atLeast = flow.acknowledged.length + count;
    const followers = this.seen.filter(({ channel }) => channel === flow.channel);
    await vi.waitFor(
      () => {
        const later = flow.acknowledged.slice(atLeast - 1);
        for (const { values } of followers) expect(later.filter((value) => values.includes(value))).not.toEqual([]);
      },
      { timeout: timeoutMs, interval: 100 },
    );
  }

  signals(channel: string): number[] {
    return this.seen.filter((seen) => seen.channel === channel).map(({ signals }) => signals);
  }

  async status(node: number, check: 'live' | 'ready'): Promise<number> {
    return (await fetch(`${this.urls[node]}/health/${check}`)).status;
  }

  async call(node: number, method: string, fields: object): Promise<ApiAnswer> {
    const answer = await fetch(`${this.urls[node]}/api/${method}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(fields),
    });
    // safe: the API's own answer, judged elsewhere
    return (await answer.json()) as ApiAnswer;
  }

  /** Ends all flows, waits until everybody has everything, and fails with what is wrong with the history. */
  async judged(timeoutMs = 25_000): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#flowing);
    const before = this.checker.violations.length;
    await vi.waitFor(
      () => {
        this.checker.violations.length = before;
        this.checker.settle(this.recorder.nowMs);
        expect(this.checker.violations).toEqual([]);
      },
      { timeout: timeoutMs, interval: 500 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const client of this.#clients) client.disconnect();
    await Promise.allSettled(this.#flowing);
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
    this.folder[Symbol.dispose]();
  }
}
