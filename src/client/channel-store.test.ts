import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ChannelEvents, HistoryOptions, HistoryResult } from './channel-events.js';
import { ChannelStore, type MessageSource } from './channel-store.js';
import { ClientError } from './client-error.js';
import { Listeners } from './listeners.js';
import type { Message } from './message.js';

interface HistoryRequest {
  readonly limit: number;
  result?: HistoryResult<number>;
  answer(): void;
}

/** A channel with a history that is read when told to, and whose answer arrives when told to. */
class FakeChannel implements MessageSource<number, number> {
  state: 'subscribing' | 'subscribed' | 'unsubscribed' = 'subscribing';
  error: ClientError | undefined;
  uses = 0;
  readonly kept: Message<number>[] = [];
  readonly published: number[] = [];
  readonly listeners = new Listeners<ChannelEvents<number>>();
  readonly on = this.listeners.add.bind(this.listeners) as MessageSource<number, number>['on'];
  readonly #requests: HistoryRequest[] = [];
  readonly #travelling: Message<number>[] = [];

  open(): this {
    this.uses += 1;
    return this;
  }

  close(): void {
    this.uses -= 1;
  }

  async publish(data: number) {
    this.published.push(data);
    return { offset: this.published.length, epoch: 'e' };
  }

  history({ limit = 100 }: HistoryOptions = {}): Promise<HistoryResult<number>> {
    return new Promise((resolve) => {
      const request: HistoryRequest = { limit, answer: () => resolve(this.#read(request)) };
      this.#requests.push(request);
    });
  }

  #read(request: HistoryRequest): HistoryResult<number> {
    request.result ??= { messages: this.kept.slice(-request.limit).reverse(), offset: this.kept.length, epoch: 'e' };
    return request.result;
  }

  /** Kept, and delivered when subscribed. */
  publishKept(): void {
    this.publishSlowly();
    this.arrive();
  }

  /** Kept, and on its way to the subscriber: the history may already have it before it arrives. */
  publishSlowly(): void {
    const offset = this.kept.length + 1;
    const message = { data: offset, offset };
    this.kept.push(message);
    if (this.state === 'subscribed') this.#travelling.push(message);
  }

  /** Everything that is on its way arrives, in order. */
  arrive(): void {
    for (const message of this.#travelling.splice(0)) this.listeners.emit('message', message);
  }

  /** The server reads the history for the oldest request that waits for that. */
  readHistory(): void {
    const request = this.#requests.find(({ result }) => result === undefined);
    if (request !== undefined) this.#read(request);
  }

  /** The oldest request is answered. */
  async answer(): Promise<void> {
    this.readHistory();
    this.#requests.shift()?.answer();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }

  cut(): void {
    this.#travelling.length = 0;
    this.state = 'subscribing';
    this.listeners.emit('subscribing', { code: 1, reason: 'transport closed' });
  }

  subscribed(wasRecovering = false, recovered = false): void {
    this.state = 'subscribed';
    this.listeners.emit('subscribed', { wasRecovering, recovered });
  }
}

/** A store that is watched, and its channel. */
function watched(history: number, channel = new FakeChannel()) {
  const store = new ChannelStore(() => channel.open(), { keep: 3, history });
  store.watch(() => {});
  return { channel, store };
}

const dataOf = (store: ChannelStore<number, number>) => store.read().messages.map(({ data }) => data);

it('shows the newest messages without hole or double, however history and live messages interleave', async () => {
  const step = fc.constantFrom('publish', 'publishSlowly', 'arrive', 'read', 'answer', 'lose');
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: 12 }),
      fc.integer({ min: 1, max: 8 }),
      fc.array(step, { maxLength: 40 }),
      async (numBefore, history, steps) => {
        const keep = 10;
        const channel = new FakeChannel();
        for (let count = 0; count < numBefore; count++) channel.publishKept();
        const store = new ChannelStore(() => channel.open(), { keep, history });
        const stop = store.watch(() => {});
        channel.subscribed();
        for (const one of steps) {
          if (one === 'publish') channel.publishKept();
          else if (one === 'publishSlowly') channel.publishSlowly();
          else if (one === 'arrive') channel.arrive();
          else if (one === 'read') channel.readHistory();
          else if (one === 'answer') await channel.answer();
          else {
            channel.cut();
            channel.publishKept();
            channel.subscribed(true, false);
          }
        }
        while (store.read().loading) await channel.answer();
        channel.arrive();
        const shown = dataOf(store);
        // One piece, level with the channel, and at least as long as asked for.
        expect(shown).toEqual(channel.kept.slice(-shown.length || channel.kept.length).map(({ data }) => data));
        expect(shown.length).toBeGreaterThanOrEqual(Math.min(history, channel.kept.length));
        expect(shown.length).toBeLessThanOrEqual(keep);
        expect(store.read().gap).toBe(false);
        stop();
        expect(channel.uses).toBe(0);
      },
    ),
    { numRuns: 300 },
  );
});

it('adds what a recovery delivers, and reads no history for it', () => {
  const { channel, store } = watched(0);
  channel.subscribed();
  channel.publishKept();
  channel.cut();
  expect(store.read()).toMatchObject({ state: 'subscribing', recovered: true, gap: false });
  channel.subscribed(true, true);
  for (let count = 0; count < 3; count++) channel.publishKept();
  expect(dataOf(store)).toEqual([2, 3, 4]);
  expect(store.read()).toMatchObject({ state: 'subscribed', recovered: true, gap: false, loading: false });
});

it('says that there is a gap when messages were lost and no history is asked for', () => {
  const { channel, store } = watched(0);
  channel.subscribed();
  channel.cut();
  channel.subscribed(true, false);
  expect(store.read()).toMatchObject({ recovered: false, gap: true });
  store.clear();
  expect(store.read()).toMatchObject({ messages: [], gap: false });
});

it('shows why the subscription was refused', () => {
  const { channel, store } = watched(5);
  const error = new ClientError('ERR_PERMISSION_DENIED', 'permission denied');
  channel.listeners.emit('unsubscribed', { code: 103, reason: 'permission denied', error });
  expect(store.read()).toMatchObject({ state: 'unsubscribed', loading: false, error });
});

it('shows that a channel was over before it is watched, and why, until it is taken up again', () => {
  const channel = new FakeChannel();
  channel.state = 'unsubscribed';
  channel.error = new ClientError('ERR_DISCONNECTED', 'sent away');
  const { store } = watched(5, channel);
  expect(store.read()).toMatchObject({ state: 'unsubscribed', loading: false, error: channel.error });
  channel.cut();
  expect(store.read()).toMatchObject({ state: 'subscribing', error: undefined });
});

it('publishes before it is watched, and lets go of the channel', async () => {
  const channel = new FakeChannel();
  const store = new ChannelStore(() => channel.open(), { keep: 3, history: 0 });
  expect(await store.publish(7)).toEqual({ offset: 1, epoch: 'e' });
  expect(channel.published).toEqual([7]);
  expect(channel.uses).toBe(0);
});
