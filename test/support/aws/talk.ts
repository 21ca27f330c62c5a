/** Two of the official client who talk in a room of functions: what others' emulators, runtimes and frameworks have to show. */

import assert from 'node:assert/strict';
import { Centrifuge, type Options, type Subscription, type TransportEndpoint } from 'centrifuge';
import { WebSocket } from 'ws';
import { signed } from '../servers/signed.js';

const room = 'chat:lobby';

interface Talker {
  readonly client: Centrifuge;
  readonly subscription: Subscription;
  readonly heard: string[];
  /** What it has said, in order; and of what it was told that nobody knows whether it was said. */
  readonly said: string[];
  readonly unsure: Set<string>;
  numUnrecovered: number;
}

export interface TalkOptions {
  readonly endpoint: string | TransportEndpoint[];
  /** Further options of the client. */
  readonly client?: Partial<Options>;
  /** With which tokens are signed. */
  readonly key: string;
  /** Of each. */
  readonly messages: number;
  /** Ends all connections, once, in the middle. Default: it is waited until the platform does. */
  readonly cut?: () => void;
}

/** @throws AssertionError if a message is missing, repeated, or in another order for one of them, or presence is not true */
export async function talk(options: TalkOptions): Promise<void> {
  const { messages, cut } = options;
  const talkers = await Promise.all(['ann', 'bob'].map((user) => enter(user, options)));
  try {
    for (let n = 0; n < messages; n++) {
      if (n === Math.floor(messages / 2)) {
        const noticed = talkers.map(({ client }) => new Promise((resolve) => client.once('connecting', resolve)));
        cut?.();
        await Promise.all(noticed);
        await Promise.all(talkers.map(({ subscription }) => subscription.ready(60_000)));
      }
      await Promise.all(talkers.map((talker, who) => say(talker, `${who} says ${n}`)));
    }
    const [first, second] = talkers;
    const isComplete = ({ heard }: Talker) => talkers.every(({ said }) => said.every((text) => heard.includes(text)));
    await until(
      () => talkers.every(isComplete) && first?.heard.length === second?.heard.length,
      'everything to arrive',
    );
    assert.deepEqual(first?.heard, second?.heard);
    assert.equal(new Set(first?.heard).size, first?.heard.length);
    for (const [who, { said, unsure }] of talkers.entries()) {
      const theirs = first?.heard.filter((text) => text.startsWith(`${who} `) && !unsure.has(text));
      assert.deepEqual(theirs, said);
    }
    assert.deepEqual(
      talkers.map(({ numUnrecovered }) => numUnrecovered),
      [0, 0],
    );
    await until(async () => {
      const { clients = {} } = (await first?.subscription.presence()) ?? {};
      const users = Object.values(clients).map(({ user }) => user);
      return JSON.stringify(users.sort()) === JSON.stringify(['ann', 'bob']);
    }, 'presence to be true');
  } finally {
    for (const { client } of talkers) client.disconnect();
  }
}

/** What has an unknown fate, as the connection was lost, is said again in other words. */
async function say({ subscription, said, unsure }: Talker, text: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const words = attempt === 1 ? text : `${text}, for the ${attempt}. time`;
    try {
      await subscription.publish(words);
      said.push(words);
      return;
    } catch {
      unsure.add(words);
      await subscription.ready(60_000);
    }
  }
}

async function enter(user: string, { endpoint, key, client: given }: TalkOptions): Promise<Talker> {
  const token = await signed(key, { sub: user });
  const usual = { websocket: WebSocket, token, timeout: 20_000, maxReconnectDelay: 500 };
  const client = new Centrifuge(endpoint, { ...usual, ...given });
  const subscription = client.newSubscription(room);
  const talker: Talker = { client, subscription, heard: [], said: [], unsure: new Set(), numUnrecovered: 0 };
  subscription.on('publication', ({ data }) => talker.heard.push(String(data)));
  subscription.on('subscribed', ({ wasRecovering, recovered }) => {
    if (wasRecovering && !recovered) talker.numUnrecovered++;
  });
  subscription.subscribe();
  client.connect();
  await subscription.ready(60_000);
  return talker;
}

async function until(condition: () => boolean | Promise<boolean>, what: string, withinMs = 90_000): Promise<void> {
  const endsAtMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > endsAtMs) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
