/** Scenarios: channels that want a token of their own. */

import type { Centrifuge, Subscription } from 'centrifuge';
import { equal, Gathered, gather, holds, nextEvent } from './awaiting.js';
import { codeOfEnd, connected, type Scenario, type ScenarioContext, subscribed, type TokenClaims } from './context.js';

const never = new Promise<string>(() => undefined);
const channel = 'token:room';

function tokenFor(context: ScenarioContext, claims: Partial<TokenClaims> = {}) {
  return context.server.token({ sub: 'ann', channel, ...claims });
}

const quick = { minResubscribeDelay: 1, maxResubscribeDelay: 10 };

/**
 * A subscription whose token lives for a second. On a busy machine that may be over before it is subscribed: until then it
 * gets another such one, and from then on what `next` brings.
 */
function withBriefToken(context: ScenarioContext, client: Centrifuge, next: () => Promise<string>): Subscription {
  let isThere = false;
  const getToken = () => (isThere ? next() : tokenFor(context, { expiresInSec: 1 }));
  const room = client.newSubscription(channel, { getToken, ...quick });
  room.once('subscribed', () => {
    isThere = true;
  });
  return room;
}

/** The first token is refused; with the next one it is subscribed. */
async function fetchesAnother(context: ScenarioContext, first: Partial<TokenClaims>): Promise<void> {
  const ann = await connected(context, 'ann');
  const token = await tokenFor(context, first);
  const room = ann.newSubscription(channel, { token, getToken: () => tokenFor(context), ...quick });
  const errors = gather(room, 'error', ({ type, error }) => ({ type, code: error.code }));
  room.subscribe();
  await room.ready();
  equal(errors.items, [{ type: 'subscribe', code: 109 }]);
}

export const subscriptionTokens: Readonly<Record<string, Scenario>> = {
  async 'subscribes with a token'(context) {
    const ann = await connected(context, 'ann');
    const room = await subscribed(ann, channel, { getToken: () => tokenFor(context) });
    const received = gather(room, 'publication', ({ data }) => data);
    await room.publish('hi');
    equal(await received.atLeast(1), ['hi']);
  },

  async 'no token, one for another channel and a bad one are refused (103)'(context) {
    const ann = await connected(context, 'ann');
    const tokens = [undefined, await tokenFor(context, { channel: 'token:elsewhere' }), 'not.a.token'];
    for (const token of tokens) {
      const room = ann.newSubscription(channel, { ...(token !== undefined && { token }) });
      equal(await codeOfEnd(room), 103);
      ann.removeSubscription(room);
    }
    equal(ann.state, 'connected');
  },

  'an expired token makes the client fetch a new one (109)': (context) =>
    fetchesAnother(context, { expiresInSec: -60 }),

  'one for another user, as kept from before, makes the client fetch a new one (109)': (context) =>
    fetchesAnother(context, { sub: 'bob' }),

  async 'refreshes its token before it expires and stays subscribed'(context) {
    const ann = await connected(context, 'ann');
    const fetched = new Gathered<number>();
    const room = ann.newSubscription(channel, {
      getToken: () => {
        const expiresInSec = [1, 4, 600][fetched.items.length] ?? 600;
        fetched.add(expiresInSec);
        return tokenFor(context, { expiresInSec });
      },
    });
    const states = gather(room, 'state', ({ newState }) => newState);
    room.subscribe();
    // The third one is due when the server has looked for expired subscriptions more than once.
    equal(await fetched.atLeast(3), [1, 4, 600], 'lives of the tokens');
    await room.publish('still here');
    equal(states.items, ['subscribing', 'subscribed']);
  },

  async 'a refresh with a token that is not good now does not end the subscription for good'(context) {
    const endsAndIsBack = async (stale: Partial<TokenClaims>) => {
      const ann = await connected(context, 'ann');
      const lives = [stale];
      const room = withBriefToken(context, ann, () => tokenFor(context, lives.shift()));
      const errors = gather(room, 'error', ({ type, error }) => `${type} ${error.code}`);
      const ended = gather(room, 'unsubscribed', ({ code }) => code);
      room.subscribe();
      await room.ready();
      const back = nextEvent(room, 'subscribed');
      // The SDK would try again after 10 s, which the grace of the scenarios does not give it.
      equal((await nextEvent(room, 'subscribing')).code, 2501);
      await back;
      equal(ended.items, []);
      holds(errors.items.includes('refresh 109'), 'the refresh was refused with 109');
    };
    await Promise.all([{ expiresInSec: -60 }, { startsInSec: 60 }].map(endsAndIsBack));
  },

  async 'a subscription that is not refreshed ends with 2501 and subscribes again'(context) {
    const ann = await connected(context, 'ann');
    let refreshes = 0;
    const room = withBriefToken(context, ann, () => (++refreshes === 1 ? never : tokenFor(context)));
    room.subscribe();
    await room.ready();
    const expired = nextEvent(room, 'subscribing');
    equal(await expired, { channel, code: 2501, reason: 'subscription expired' });
    equal(ann.state, 'connected');
  },
};
