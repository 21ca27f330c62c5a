/** Nodes of the server as installed over one broker, with official clients and publishers whose history is judged. */

import { setTimeout as pause } from 'node:timers/promises';
import { Centrifuge } from 'centrifuge';
import { expect, vi } from 'vitest';
import { WebSocket } from 'ws';
import { HistoryChecker } from '../chaos/checker/history-checker.js';
import type { FaultEffects } from '../chaos/history.js';
import { Recorder } from '../chaos/recorder.js';
import { endpoint } from '../cli/handshake.js';
import { call, startFleet, statusOf } from './plain-fleet.js';

/** Between two publications of one flow. */
const flowIntervalMs = 10;

/** One publication: its value, and the error's code. */
interface Attempt {
  readonly value: string;
  readonly tookMs: number;
  readonly code?: number;
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

  private constructor(private readonly fleet: Awaited<ReturnType<typeof startFleet>>) {}

  /**
   * @param broker its address, or one for each node: the ways there may differ
   * @param more configuration beyond the usual
   */
  static async start(broker: string | readonly string[], more: object = {}): Promise<ObservedFleet> {
    return new ObservedFleet(await startFleet(typeof broker === 'string' ? [broker, broker] : broker, more));
  }

  get nodes() {
    return this.fleet.nodes;
  }

  get urls(): readonly string[] {
    return this.fleet.urls;
  }

  /** Says that something is wrong while `work` makes it so. */
  during(name: string, effects: FaultEffects, work: () => Promise<unknown>): Promise<void> {
    return this.recorder.during(name, effects, work);
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
      return subscription.ready(20_000);
    });
    await Promise.all(subscriptions);
    return await connected;
  }

  /** Publishes a value of its own through a node. */
  async publish(channel: string, node: number): Promise<Attempt> {
    const value = `${++this.#published}`;
    this.recorder.record({ kind: 'publish-invoked', channel, value });
    const { result, error, tookMs } = await this.call(node, 'publish', { channel, data: value });
    if (error !== undefined) {
      this.recorder.record({ kind: 'publish-failed', channel, value, code: error.code });
      return { value, tookMs, code: error.code };
    }
    // safe: the API's own answer
    const { offset = 0, epoch = '' } = result as { offset?: number; epoch?: string };
    const position = offset > 0 ? { position: { offset, epoch } } : {};
    this.recorder.record({ kind: 'publish-ok', channel, value, ...position });
    return { value, tookMs };
  }

  /** Publishes to a channel, through one node after the other, until {@link judged}. */
  flow(channel: string): Flow {
    const flow: Flow = { channel, acknowledged: [], failed: [] };
    const run = async () => {
      for (let n = 0; !this.#stop.signal.aborted; n++) {
        await this.#publishIn(flow, n % this.nodes.length);
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
        // Known beforehand: on a machine that cannot send as many, a growing number would never let go of the event loop.
        const numDue = ((performance.now() - beganMs) * perSecond) / 1_000;
        for (; numSent < numDue; numSent++) {
          const flow = flows[numSent % flows.length];
          if (flow === undefined) return;
          const node = Math.floor(numSent / flows.length) % this.nodes.length;
          // What fails stays, for whoever ends the flows.
          const publishing = this.#publishIn(flow, node).then(() => void underWay.delete(publishing));
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
    await vi.waitFor(() => {
      const later = flow.acknowledged.slice(atLeast - 1);
      for (const { values } of followers) expect(later.filter((value) => values.includes(value))).not.toEqual([]);
    }, timeoutMs);
  }

  signals(channel: string): number[] {
    return this.seen.filter((seen) => seen.channel === channel).map(({ signals }) => signals);
  }

  status(node: number, check: 'live' | 'ready'): Promise<number> {
    return statusOf(this.urls[node] ?? '', check);
  }

  /** Until a node says that it is not ready, or is again; it is alive all the time. */
  async becomes(status: 200 | 503, nodes: readonly number[] = [0, 1]): Promise<void> {
    for (const node of nodes) {
      await vi.waitFor(async () => {
        expect(await this.status(node, 'live')).toBe(200);
        expect(await this.status(node, 'ready')).toBe(status);
      }, 15_000);
    }
  }

  call(node: number, method: string, fields: object) {
    return call(this.urls[node] ?? '', method, fields);
  }

  /** Ends all flows, waits until everybody has everything, and fails with what is wrong with the history, or a node. */
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
    for (const node of this.nodes) expect(node.child.exitCode).toBeNull();
  }

  async #publishIn({ channel, acknowledged, failed }: Flow, node: number): Promise<void> {
    const { value, code } = await this.publish(channel, node);
    (code === undefined ? acknowledged : failed).push(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const client of this.#clients) client.disconnect();
    await Promise.allSettled(this.#flowing);
    await this.fleet[Symbol.asyncDispose]();
  }
}
