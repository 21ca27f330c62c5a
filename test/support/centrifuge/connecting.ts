/** Scenarios: how a client gets in, stays in and is sent away. */

import type { Centrifuge } from 'centrifuge';
import { codeOfRefusal, equal, Gathered, gather, holds, nextEvent } from './awaiting.js';
import {
  codeOfLeaving,
  connected,
  ready,
  type Scenario,
  type ScenarioContext,
  subscribed,
  type TokenClaims,
} from './context.js';

const never = new Promise<string>(() => undefined);

/**
 * A client whose token lives for a moment. On a busy machine that may be over before it is connected: until then it gets
 * another such one, and from then on what `next` brings.
 */
function withBriefToken(context: ScenarioContext, next: () => Promise<string>, expiresInSec = 1): Centrifuge {
  let isThere = false;
  const brief = () => context.server.token({ sub: 'ann', expiresInSec });
  const client = context.newClient({ getToken: () => (isThere ? next() : brief()) });
  client.once('connected', () => {
    isThere = true;
  });
  return client;
}

/** The first token is not good now: the client is told 109, and is in with another. */
async function isReplaced(
  context: ScenarioContext,
  stale: { readonly expiresInSec: number } | { readonly startsInSec: number },
): Promise<void> {
  let fetched = 0;
  const client = context.newClient({
    token: await context.server.token({ sub: 'ann', ...stale }),
    getToken: () => {
      fetched++;
      return context.server.token({ sub: 'ann' });
    },
  });
  const errors = gather(client, 'error', ({ type, error }) => ({ type, code: error.code }));
  await ready(client);
  equal(errors.items, [{ type: 'connect', code: 109 }], 'errors');
  equal(fetched, 1, 'tokens fetched');
}

export const connecting: Readonly<Record<string, Scenario>> = {
  async 'connects with a token'(context) {
    const client = context.newClient({ token: await context.server.token({ sub: 'ann' }) });
    const connected = nextEvent(client, 'connected');
    client.connect();
    holds((await connected).client.length > 20, 'the client has an unguessable id');
    equal((await client.rpc('whoami', {})).data, { user: 'ann' });
  },

  async 'connects anonymously'(context) {
    const client = await connected(context);
    equal(await codeOfRefusal(client.rpc('whoami', {})), 103);
    const room = await subscribed(client, 'open:room');
    equal(Object.values((await room.presence()).clients)[0]?.user, '', 'user of an anonymous client');
  },

  async 'fetches a token when it has none'(context) {
    const client = await ready(context.newClient({ getToken: () => context.server.token({ sub: 'bob' }) }));
    equal((await client.rpc('whoami', {})).data, { user: 'bob' });
  },

  async 'a bad token is terminal (3500)'(context) {
    const good = await context.server.token({ sub: 'ann' });
    const client = context.newClient({ token: `${good.slice(0, -4)}AAAA` });
    const disconnected = nextEvent(client, 'disconnected');
    client.connect();
    equal(await disconnected, { code: 3500, reason: 'invalid token' });
    equal(client.state, 'disconnected');
  },

  'an expired token makes the client fetch a new one (109)': (context) => isReplaced(context, { expiresInSec: -60 }),

  'a token that begins in the future makes the client fetch a new one (109)': (context) =>
    isReplaced(context, { startsInSec: 15 }),

  async 'a refresh with a token that is not good now ends with 3005, and the client is back with another'(context) {
    const isBackWithAnother = async (stale: Partial<TokenClaims>) => {
      // As from a cache, or from a server whose clock is wrong: what the refresh gets.
      const lives = [stale];
      const client = withBriefToken(context, () => context.server.token({ sub: 'ann', ...lives.shift() }));
      const ended = nextEvent(client, 'connecting', ({ code }) => code === 3005);
      const disconnected = gather(client, 'disconnected', ({ code }) => code);
      await ready(client);
      const back = nextEvent(client, 'connected');
      await ended;
      await back;
      equal(disconnected.items, [], 'final disconnects');
      equal((await client.rpc('whoami', {})).data, { user: 'ann' });
    };
    await Promise.all([{ expiresInSec: -60 }, { startsInSec: 60 }].map(isBackWithAnother));
  },

  async 'a channel of its token that no rule knows is an error (102)'(context) {
    const token = await context.server.token({ sub: 'ann', channels: ['news', 'nowhere'] });
    equal(await codeOfLeaving(context.newClient({ token })), 102);
  },

  async 'an expired token without a way to a new one is terminal'(context) {
    const token = await context.server.token({ sub: 'ann', expiresInSec: -60 });
    // The SDK's own code for "unauthorized".
    equal(await codeOfLeaving(context.newClient({ token })), 1);
  },

  async 'refreshes its token before it expires and stays connected'(context) {
    const fetched = new Gathered<number>();
    const client = context.newClient({
      getToken: () => {
        const expiresInSec = [1, 2, 600][fetched.items.length] ?? 600;
        fetched.add(expiresInSec);
        return context.server.token({ sub: 'ann', expiresInSec });
      },
    });
    const interruptions = gather(client, 'connecting', ({ code }) => code);
    client.connect();
    // The third one is due when the first has long expired, with its grace.
    equal(await fetched.atLeast(3), [1, 2, 600], 'lives of the tokens');
    equal((await client.rpc('whoami', {})).data, { user: 'ann' });
    equal(interruptions.items, [0], 'codes of connecting events');
  },

  async 'a connection that is not refreshed ends with 3005 and reconnects'(context) {
    let refreshes = 0;
    const client = withBriefToken(context, () => (++refreshes === 1 ? never : context.server.token({ sub: 'ann' })));
    const expired = nextEvent(client, 'connecting', ({ code }) => code === 3005);
    await ready(client);
    const back = nextEvent(client, 'connected');
    equal(await expired, { code: 3005, reason: 'connection expired' });
    await back;
  },

  async 'a refresh with the token of another user ends with 3005, and the client is back as that user'(context) {
    // Somebody else has signed in meanwhile, in another tab. The first token is long enough for a call.
    const client = withBriefToken(context, () => context.server.token({ sub: 'bob', expiresInSec: 600 }), 3);
    const ended = nextEvent(client, 'connecting', ({ code }) => code === 3005);
    await ready(client);
    equal((await client.rpc('whoami', {})).data, { user: 'ann' });
    await ended;
    await nextEvent(client, 'connected');
    equal((await client.rpc('whoami', {})).data, { user: 'bob' });
  },

  async 'comes back after a disconnect with the advice to (3011)'(context) {
    const client = await connected(context, 'ann');
    const left = nextEvent(client, 'connecting');
    const back = nextEvent(client, 'connected');
    await context.server.disconnect('ann', true);
    equal(await left, { code: 3011, reason: 'force reconnect' });
    await back;
  },

  async 'stays away after a disconnect without it (3503)'(context) {
    const client = await connected(context, 'ann');
    const disconnected = nextEvent(client, 'disconnected');
    await context.server.disconnect('ann', false);
    equal(await disconnected, { code: 3503, reason: 'force disconnect' });
    equal(client.state, 'disconnected');
  },

  async 'keeps trying when the server shuts down (3001)'(context) {
    const client = await connected(context, 'ann');
    const left = nextEvent(client, 'connecting');
    await context.server.close();
    equal(await left, { code: 3001, reason: 'shutdown' });
    equal(client.state, 'connecting');
  },

  async 'comes back after the network was cut'(context) {
    const client = await connected(context, 'ann');
    const left = nextEvent(client, 'connecting');
    const back = nextEvent(client, 'connected');
    await context.server.cut();
    // Below 3000: the SDK's own code for a lost transport.
    equal((await left).code, 1);
    await context.server.restore();
    await back;
  },
};
