import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ChannelEvents } from '../client/channel-events.js';
import { ClientError } from '../client/client-error.js';
import { Listeners } from '../client/listeners.js';
import type { Member } from '../client/message.js';
import { type PresenceSource, PresenceStore } from './presence-store.js';

interface ListRequest {
  list?: Member[];
  answer(): void;
  fail(error: ClientError): void;
}

/** A channel whose server reads a list when told to, and whose answer arrives when told to. */
class FakeChannel implements PresenceSource {
  state: 'subscribing' | 'subscribed' | 'unsubscribed' = 'subscribing';
  error: ClientError | undefined;
  uses = 0;
  readonly there = new Map<string, Member>();
  readonly listeners = new Listeners<ChannelEvents<unknown>>();
  #stops = 0;
  readonly #requests: ListRequest[] = [];

  get numListeners(): number {
    return this.#stops;
  }

  open(): this {
    this.uses += 1;
    return this;
  }

  close(): void {
    this.uses -= 1;
  }

  on: PresenceSource['on'] = (event, listener) => {
    this.#stops += 1;
    const stop = this.listeners.add(event, listener);
    return () => {
      this.#stops -= 1;
      stop();
    };
  };

  presence(): Promise<Member[]> {
    return new Promise((resolve, reject) => {
      const request: ListRequest = { answer: () => resolve(request.list ?? []), fail: reject };
      this.#requests.push(request);
    });
  }

  join(client: string): void {
    const member = { user: client, client };
    this.there.set(client, member);
    this.listeners.emit('join', member);
  }

  leave(client: string): void {
    if (this.there.delete(client)) this.listeners.emit('leave', { user: client, client });
  }

  /** The server reads the list for the oldest request that waits for that. */
  readList(): void {
    const request = this.#requests.find(({ list }) => list === undefined);
    if (request !== undefined) request.list = [...this.there.values()];
  }

  /** The oldest request is answered. */
  async answer(): Promise<void> {
    this.readList();
    this.#requests.shift()?.answer();
    await settled();
  }

  async fail(error: ClientError): Promise<void> {
    this.#requests.shift()?.fail(error);
    await settled();
  }

  subscribed(): void {
    this.state = 'subscribed';
    this.listeners.emit('subscribed', { wasRecovering: false, recovered: false });
  }
}

/** As many turns of the microtask queue as an answer needs to get through. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

function clientsOf(store: PresenceStore): string[] {
  return store
    .read()
    .members.map(({ client }) => client)
    .sort();
}

it('shows who is there, whatever comes and goes while lists are read and answered', async () => {
  const client = fc.constantFrom('a', 'b', 'c', 'd');
  const step = fc.oneof(
    fc.record({ kind: fc.constant('join' as const), client }),
    fc.record({ kind: fc.constant('leave' as const), client }),
    fc.record({
      kind: fc.constantFrom('reload' as const, 'read' as const, 'answer' as const, 'resubscribe' as const),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(client), fc.array(step, { maxLength: 40 }), async (before, steps) => {
      const channel = new FakeChannel();
      for (const one of before) channel.join(one);
      const store = new PresenceStore(() => channel.open());
      const stop = store.watch(() => {});
      channel.subscribed();
      for (const one of steps) {
        if (one.kind === 'join') channel.join(one.client);
        else if (one.kind === 'leave') channel.leave(one.client);
        else if (one.kind === 'reload') store.reload();
        else if (one.kind === 'read') channel.readList();
        else if (one.kind === 'answer') await channel.answer();
        else channel.subscribed();
      }
      while (store.read().loading) await channel.answer();
      expect(clientsOf(store)).toEqual([...channel.there.keys()].sort());
      stop();
      expect({ uses: channel.uses, listeners: channel.numListeners }).toEqual({ uses: 0, listeners: 0 });
    }),
    { numRuns: 300 },
  );
});

it('keeps the last known list while it reconnects, and drops who left meanwhile', async () => {
  const channel = new FakeChannel();
  for (const client of ['a', 'b']) channel.join(client);
  const store = new PresenceStore(() => channel.open());
  store.watch(() => {});
  channel.subscribed();
  await channel.answer();
  channel.listeners.emit('subscribing', { code: 1, reason: 'transport closed' });
  channel.there.delete('a');
  expect(store.read()).toMatchObject({ state: 'subscribing', members: [{ client: 'a' }, { client: 'b' }] });
  channel.subscribed();
  await channel.answer();
  expect(clientsOf(store)).toEqual(['b']);
});

it('says why a list could not be read, until one could', async () => {
  const channel = new FakeChannel();
  const store = new PresenceStore(() => channel.open());
  store.watch(() => {});
  channel.subscribed();
  await channel.fail(new ClientError('ERR_TIMEOUT', 'timeout'));
  expect(store.read()).toMatchObject({ error: { code: 'ERR_TIMEOUT' }, loading: false });
  store.reload();
  await channel.answer();
  expect(store.read()).toMatchObject({ error: undefined, loading: false });
});

it('does nothing until it is watched, and can be watched again', async () => {
  const channel = new FakeChannel();
  channel.join('a');
  const store = new PresenceStore(() => channel.open());
  store.reload();
  expect(channel.uses).toBe(0);
  const stop = store.watch(() => {});
  channel.subscribed();
  stop();
  await channel.answer();
  expect(store.read().members).toEqual([]);
  store.watch(() => {});
  expect(store.read()).toMatchObject({ state: 'subscribed', loading: true });
  await channel.answer();
  expect(clientsOf(store)).toEqual(['a']);
});

it('shows that a channel was over before it is watched, and why', () => {
  const channel = new FakeChannel();
  channel.state = 'unsubscribed';
  channel.error = new ClientError('ERR_DISCONNECTED', 'sent away');
  const store = new PresenceStore(() => channel.open());
  store.watch(() => {});
  expect(store.read()).toMatchObject({ state: 'unsubscribed', loading: false, error: channel.error });
});
