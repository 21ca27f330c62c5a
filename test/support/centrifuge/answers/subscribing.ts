/** Answers to `subscribe`, `sub_refresh` and `unsubscribe`. */

import { once } from 'node:events';
import type { SubscriptionOptions } from 'centrifuge';
import { channel } from 'fanfare';
import { deferred } from '../../engine/deferred.js';
import { nextEvent } from '../awaiting.js';
import { type Answer, answer, refusals, type Seen } from './answer.js';
import {
  type Bend,
  type Claims,
  fateOfSubscribing,
  fateOfSubscription,
  lineOf,
  nowSec,
  type Stage,
  secret,
} from './stage.js';

async function fateIn(stage: Stage, name: string, options: Partial<SubscriptionOptions> = {}, bend?: Bend) {
  const client = await stage.connected({ token: await stage.token({ iat: nowSec() }) }, bend);
  return fateOfSubscribing(client, stage.subscription(client, name, options));
}

/** What becomes of a subscription with these tokens, one after the other. */
function fateWith(stage: Stage, ...claims: readonly Claims[]): Promise<Seen> {
  const getToken = stage.tokens(...claims.map((one) => ({ channel: 'token:1', ...one })));
  return fateIn(stage, 'token:1', { getToken });
}

/** What becomes of a subscription that brings another token before the first one expires. */
async function fateOfRefresh(stage: Stage, next: Claims, bend?: Bend): Promise<Seen> {
  const client = await stage.connected({ token: await stage.token({ iat: nowSec() }) }, bend);
  const first = { channel: 'token:1', expiresInSec: 2, iat: nowSec() };
  const getToken = stage.tokens(first, { channel: 'token:1', ...next });
  return fateOfSubscribing(client, stage.hurried(stage.subscription(client, 'token:1', { getToken })));
}

const startsLater = () => ({ nbf: Date.now() / 1_000 + 60 });

const asking = (subscribe: () => unknown) => ({
  // safe: also what a function must not answer is answered here
  channels: { 'asked:{x}': channel({ subscribe: subscribe as () => boolean }), 'plain:{x}': channel({}) },
});

export const subscribing: readonly Answer[] = [
  answer(['subscribe', 109, 'stale token'], 'the token has expired', (stage) =>
    fateWith(stage, { expiresInSec: -60 }, {}),
  ),
  answer(['subscribe', 109, 'clock'], 'the token is not valid yet', (stage) => fateWith(stage, startsLater(), {})),
  answer(
    ['subscribe', 109, 'clock'],
    'the token was made up to 10 seconds before the tokens of its user were revoked',
    async (stage) => {
      await stage.serving({}, (app) => app.revokeUserTokens('ann', nowSec()));
      return fateWith(stage, { iat: nowSec() - 3 }, { iat: nowSec() });
    },
  ),
  answer(['subscribe', 109, 'stale token'], 'the token was made for an earlier connection of the client', (stage) =>
    fateWith(stage, { client: 'the one before' }, {}),
  ),
  answer(['subscribe', 109, 'stale token'], 'the token was made for another user, who was signed in before', (stage) =>
    fateWith(stage, { sub: 'bob' }, {}),
  ),
  answer(
    ['subscribe', 100, 'fault'],
    "the broker, the keys of the tokens, or the rule's function or hook fail",
    async (stage) => {
      let asked = 0;
      await stage.serve(
        asking(() => {
          if (asked++ === 0) throw new Error('the database is away');
          return true;
        }),
      );
      return fateIn(stage, 'asked:1');
    },
  ),
  answer(['subscribe', 111, 'load'], 'commands come faster than allowed', async (stage) => {
    await stage.serve({ limits: { subscribesPerSec: 1, maxChannelsPerConnection: 1 } });
    const client = await stage.connected();
    for (let n = 0; n < 6; n++) {
      const before = await stage.subscribed(client, 'room:1');
      before.unsubscribe();
      client.removeSubscription(before);
    }
    return fateOfSubscribing(client, stage.subscription(client, 'room:1'));
  }),
  answer(
    ['subscribe', 112, 'race'],
    'what was published since its position is gone, and it has asked to be refused then (flag 2): it loads its state anew',
    async (stage) => {
      const app = await stage.serve();
      const { offset, epoch } = await app.publish('room:1', 1);
      let loaded = 0;
      const getState = async () => (loaded++ === 0 ? { offset, epoch: 'gone' } : { offset, epoch });
      const client = await stage.connected();
      const subscription = stage.subscription(client, 'room:1', { getState });
      return new Promise<Seen>((resolve) => {
        subscription.on('subscribed', () => resolve({ code: loaded === 2 ? 112 : 0, fate: 'asks again' }));
        subscription.on('unsubscribed', ({ code }) => resolve({ code, fate: 'ends' }));
        subscription.subscribe();
      });
    },
  ),
  answer(
    ['subscribe', 103, 'rule'],
    'the rule or its function says no. A function that cannot decide yet answers with a temporary error of its own, or throws',
    (stage) => fateIn(stage, 'closed:1'),
  ),
  answer(['subscribe', 103, 'mistake'], 'the token is bad, or for another channel', (stage) =>
    fateWith(stage, { key: `${secret} not` }),
  ),
  answer(['subscribe', 103, 'application'], 'the token was revoked', async (stage) =>
    fateWith(await stage.serving({}, (app) => app.revokeToken('t1')), { jti: 't1' }),
  ),
  answer(
    ['subscribe', 102, 'configuration'],
    'no rule is for the channel. A new rule comes to all nodes before a page that uses it',
    (stage) => fateIn(stage, 'nowhere'),
  ),
  answer(['subscribe', 105, 'mistake'], 'the client has asked twice', async (stage) => {
    await stage.serve();
    const twice: Bend = (frame) => {
      const [, id] = /"id":(\d+)/.exec(frame) ?? [];
      return frame.includes('"subscribe"')
        ? [frame.replace(`"id":${id}`, `"id":${Number(id) + 1_000}`), frame]
        : [frame];
    };
    return fateIn(stage, 'room:1', {}, twice);
  }),
  answer(['subscribe', 106, 'configuration'], 'one channel more than a connection may have', async (stage) => {
    await stage.serve({ limits: { maxChannelsPerConnection: 1 } });
    const client = await stage.connected();
    await stage.subscribed(client, 'room:1');
    return fateOfSubscribing(client, stage.subscription(client, 'room:2'));
  }),
  answer(
    ['subscribe', 107, 'mistake'],
    "the channel's name is none that there can be, or a field is not what it should be",
    (stage) => fateIn(stage, 'room:\u0000'),
  ),
  answer(
    ['subscribe', 108, 'mistake'],
    'it asks for what is not spoken, maps and shared polls, or for a filter by tags that the rule does not have',
    (stage) => fateIn(stage, 'room:1', { tagsFilter: { key: 'lang', cmp: 'eq', val: 'en' } }),
  ),

  ...refusals.map(([code, no, when]) =>
    answer(['subscribe', code, 'application'], `the rule's function answers with ${when}`, async (stage) => {
      let asked = 0;
      await stage.serve(asking(() => (asked++ === 0 ? no : true)));
      return fateIn(stage, 'asked:1');
    }),
  ),

  answer(
    ['sub_refresh', 109, 'stale token'],
    'the new token has expired, too, or is of an earlier connection or user: a temporary error, and 2501 when the grace is over',
    (stage) => fateOfRefresh(stage, { expiresInSec: -60 }),
  ),
  answer(['sub_refresh', 109, 'clock'], 'the new token is not valid yet: as above', (stage) =>
    fateOfRefresh(stage, startsLater()),
  ),
  answer(
    ['sub_refresh', 109, 'clock'],
    'the new token was made up to 10 seconds before the tokens of its user were revoked: as above',
    async (stage) =>
      fateOfRefresh(await stage.serving({}, (app) => app.revokeUserTokens('ann', nowSec())), { iat: nowSec() - 3 }),
  ),
  answer(['sub_refresh', 111, 'load'], 'commands come faster than allowed', async (stage) => {
    await stage.serve({ limits: { commandsPerSec: 1, commandBurst: 4 } });
    const client = await stage.connected({ token: await stage.token({}) });
    let fetched = 0;
    const getToken = async () => {
      if (fetched === 1) for (let n = 0; n < 4; n++) client.rpc('x', {}).catch(() => undefined);
      return stage.token({ channel: 'token:1', ...(fetched++ === 0 && { expiresInSec: 2 }) });
    };
    return fateOfSubscribing(client, stage.hurried(stage.subscription(client, 'token:1', { getToken })));
  }),
  answer(['sub_refresh', 103, 'mistake'], 'the new token is bad, or for another channel', (stage) =>
    fateOfRefresh(stage, { channel: 'token:2' }),
  ),
  answer(['sub_refresh', 103, 'application'], 'the new token was revoked', async (stage) =>
    fateOfRefresh(await stage.serving({}, (app) => app.revokeToken('t1')), { jti: 't1' }),
  ),
  answer(['sub_refresh', 102, 'mistake'], 'no rule is for the channel', (stage) =>
    fateOfRefresh(stage, {}, (frame) => [frame.replace(/("sub_refresh":\{"channel":)"[^"]*"/, '$1"nowhere"')]),
  ),
  answer(['sub_refresh', 107, 'mistake'], 'the command has no token', (stage) =>
    fateOfRefresh(stage, {}, (frame) => [frame.replace(/("sub_refresh":\{.*"token":)"[^"]*"/, '$1""')]),
  ),
  answer(
    ['sub_refresh', 108, 'mistake'],
    'the subscription is not by a token, and was never told to be renewed',
    async (stage) => {
      await stage.serve();
      const client = await stage.connected();
      const subscription = await stage.subscribed(client, 'room:1', { getToken: async () => 'any' });
      const fate = fateOfSubscription(client, subscription);
      // The page believes what nobody has said.
      Reflect.apply(Reflect.get(subscription, '_refresh'), subscription, []);
      return fate;
    },
  ),

  answer(['unsubscribe', 111, 'load'], 'twice as many commands are under way as may be', async (stage) => {
    const asked = deferred();
    const publish = () => {
      asked.resolve();
      return new Promise<boolean>(() => undefined);
    };
    await stage.serve({
      limits: { maxPendingCommands: 1 },
      channels: { 'slow:{x}': channel({ subscribe: 'anyone', publish }) },
    });
    const client = await stage.connected();
    const [one, two] = [await stage.subscribed(client, 'slow:1'), await stage.subscribed(client, 'slow:2')];
    const refused = once(lineOf(client), 'refused');
    const back = nextEvent(client, 'connecting').then(() => nextEvent(client, 'connected'));
    one.publish({}).catch(() => undefined);
    await asked.promise;
    one.unsubscribe();
    two.unsubscribe();
    const [code] = await refused;
    await back;
    return { code, fate: 'comes back' };
  }),
];
