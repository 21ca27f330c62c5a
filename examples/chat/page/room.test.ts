import { type Client, ClientError } from 'fanfare/client';
import { expect, it } from 'vitest';
import type { ChatApp } from '../app.js';
import { Room } from './room.js';

type Listener = (event: unknown) => void;

/** A channel in which the test decides what happens. */
class FakeChannel {
  readonly #listeners = new Map<string, Listener>();
  /** Settles the history that was asked for last. */
  answer: (history: object) => void = () => undefined;
  fail: (error: Error) => void = () => undefined;

  on(event: string, listener: Listener): () => void {
    this.#listeners.set(event, listener);
    return () => this.#listeners.delete(event);
  }

  emit(event: string, value: unknown): void {
    this.#listeners.get(event)?.(value);
  }

  history(): Promise<object> {
    return new Promise((resolve, reject) => {
      this.answer = resolve;
      this.fail = reject;
    });
  }

  presence(): Promise<readonly []> {
    return Promise.resolve([]);
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

it('messages wait for the history also over a connection that broke while it was read, and no longer', async () => {
  const chat = new FakeChannel();
  const others = new FakeChannel();
  const client = {
    channel: (name: string) => (name.startsWith('chat:') ? chat : others),
    on: () => () => undefined,
  };
  const room = new Room({
    // safe: what a room calls of it is there
    client: client as unknown as Client<ChatApp>,
    self: () => undefined,
    name: 'talk',
    myName: 'Ada',
    timers: { nowMs: () => 0, schedule: () => () => undefined },
    onChange: () => undefined,
  });
  const texts = () => room.timeline.entries.map((entry) => (entry.kind === 'message' ? entry.message.text : 'gap'));
  const publication = (offset: number) => ({ data: { text: `message ${offset}` }, offset });
  chat.emit('subscribed', { wasRecovering: false, recovered: false });
  chat.answer({ messages: [publication(1)], epoch: 'a' });
  await turn();
  expect(texts()).toEqual(['message 1']);

  // What was missed is too much to be recovered, and the connection breaks before the history has come.
  chat.emit('subscribing', {});
  chat.emit('subscribed', { wasRecovering: true, recovered: false });
  chat.emit('message', publication(3));
  chat.fail(new ClientError('ERR_CONNECTION', 'lost'));
  await turn();
  chat.emit('subscribing', {});
  chat.emit('subscribed', { wasRecovering: true, recovered: true });
  chat.emit('message', publication(4));
  chat.answer({ messages: [3, 2, 1].map(publication), epoch: 'a' });
  await turn();
  expect(texts()).toEqual([1, 2, 3, 4].map((offset) => `message ${offset}`));
});
