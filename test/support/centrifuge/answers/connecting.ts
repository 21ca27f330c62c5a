/** Answers to `connect` and `refresh`. */

import { channel, jwt } from 'fanfare';
import { denyAll } from '../../../../src/engine/auth/anonymous.js';
import { deferred } from '../../engine/deferred.js';
import { KeyProvider } from '../../servers/key-provider.js';
import { type Answer, answer, refusals, type Seen } from './answer.js';
import { type Bend, type Claims, fateOf, fateOfConnecting, nowSec, type Stage, secret } from './stage.js';

const stale = { expiresInSec: -60 };

/** What becomes of a client whose tokens these are, one after the other; the last one is given from then on. */
async function fateWith(stage: Stage, ...claims: readonly Claims[]): Promise<Seen> {
  await stage.served();
  return fateOfConnecting(stage.client({ getToken: stage.tokens(...claims) }));
}

async function keysOf(stage: Stage): Promise<KeyProvider> {
  const provider = await KeyProvider.start();
  stage.onEnd(() => void provider[Symbol.asyncDispose]());
  await provider.add('k1');
  return provider;
}

/** What becomes of a client that is connected with a token of one second, and then brings the next. */
async function fateOfRefresh(stage: Stage, next: Claims, bend?: Bend): Promise<Seen> {
  await stage.served();
  const getToken = stage.tokens({ expiresInSec: 2, iat: nowSec() }, next, next, {});
  return fateOfConnecting(stage.hurried(stage.client({ getToken }, bend)));
}

const startsLater = () => ({ nbf: Date.now() / 1_000 + 60 });

export const connecting: readonly Answer[] = [
  answer(['connect', 109, 'stale token'], 'the token has expired', (stage) => fateWith(stage, stale, {})),
  answer(['connect', 109, 'clock'], 'the token is not valid yet', (stage) => fateWith(stage, startsLater(), {})),
  answer(
    ['connect', 109, 'clock'],
    'the token was made up to 10 seconds before the tokens of its user were revoked',
    async (stage) => {
      const atSec = nowSec();
      await stage.serving({}, (app) => app.revokeUserTokens('ann', atSec));
      return fateWith(stage, { iat: atSec - 3 }, { iat: atSec });
    },
  ),
  answer(
    ['connect', 109, 'race'],
    'the provider of the keys has no such key: it may be new, or gone',
    async (stage) => {
      const provider = await keysOf(stage);
      await stage.serve({ auth: jwt({ jwks: { url: provider.url } }) });
      const first = await stage.connected({ token: await provider.sign('k1', { sub: 'ann' }) });
      first.disconnect();
      await provider.add('k2');
      const keys = ['k2', 'k1'];
      return fateOfConnecting(stage.client({ getToken: () => provider.sign(keys.shift() ?? 'k1', { sub: 'ann' }) }));
    },
  ),
  answer(['connect', 100, 'fault'], 'the keys of the tokens cannot be fetched', async (stage) => {
    const provider = await keysOf(stage);
    provider.mode = 'failing';
    await stage.serve({ auth: jwt({ jwks: { url: provider.url } }) });
    return fateOfConnecting(stage.client({ token: await provider.sign('k1', { sub: 'ann' }) }));
  }),
  answer(['connect', 3004, 'fault'], 'the function `auth`, or a hook, fails', async (stage) => {
    let asked = 0;
    await stage.serve({
      auth: () => {
        if (asked++ === 0) throw new Error('the database is away');
        return { user: 'ann' };
      },
    });
    return fateWith(stage, {});
  }),
  answer(
    ['connect', 106, 'race'],
    'one connection more than the user may have: the last one may be lost and not yet found out',
    async (stage) => {
      await stage.serve({ limits: { maxConnectionsPerUser: 1 } });
      const token = await stage.token({});
      const first = await stage.connected({ token });
      const client = stage.client({ token });
      client.once('error', () => first.disconnect());
      return fateOfConnecting(client);
    },
  ),
  answer(['connect', 3001, 'load'], 'the server is shutting down', async (stage) => {
    const asked = deferred();
    const app = await stage.serve({
      auth: () => {
        asked.resolve();
        return new Promise(() => undefined);
      },
    });
    const client = stage.client({ token: 'any' });
    const fate = fateOf(client);
    client.connect();
    await asked.promise;
    void app.close(1_000);
    return fate;
  }),
  answer(
    ['connect', 3500, 'mistake'],
    'the token is bad: no other attempt makes it better. Keys that are replaced stay beside the new ones until their tokens have expired',
    (stage) => fateWith(stage, { key: `${secret} not` }),
  ),
  answer(['connect', 3500, 'application'], 'the token was revoked', async (stage) =>
    fateWith(await stage.serving({}, (app) => app.revokeToken('t1')), { jti: 't1' }),
  ),
  answer(['connect', 3503, 'application'], 'the user was blocked', async (stage) =>
    fateWith(await stage.serving({}, (app) => app.blockUser('ann')), {}),
  ),
  answer(['connect', 3507, 'configuration'], 'nobody is let in', async (stage) =>
    fateWith(await stage.serving({ auth: denyAll, anonymous: false }), {}),
  ),
  answer(['connect', 102, 'configuration'], 'no rule is for a channel in the token', (stage) =>
    fateWith(stage, { channels: ['nowhere'] }),
  ),
  answer(
    ['connect', 108, 'mistake'],
    'a channel in the token is a map, to which clients subscribe themselves',
    async (stage) => {
      await stage.serve({ channels: { 'map:{x}': channel({ map: {} }) } });
      return fateWith(stage, { channels: ['map:1'] });
    },
  ),
  answer(['connect', 103, 'mistake'], 'a channel in the token belongs to the server', (stage) =>
    fateWith(stage, { channels: ['@fanfare:x'] }),
  ),
  answer(['connect', 107, 'mistake'], 'a channel in the token has no name that there can be', (stage) =>
    fateWith(stage, { channels: [''] }),
  ),
  answer(['connect', 106, 'configuration'], 'the token has more channels than a connection may have', async (stage) =>
    fateWith(await stage.serving({ limits: { maxChannelsPerConnection: 1 } }), { channels: ['room:1', 'room:2'] }),
  ),
  answer(['connect', 3501, 'mistake'], 'a field of the command is of the wrong kind', async (stage) => {
    await stage.serve();
    return fateOfConnecting(
      stage.client({}, (frame) => [frame.replace('"connect":{', '"connect":{"headers":{"x":5},')]),
    );
  }),

  ...refusals.map(([code, no, when]) =>
    answer(['connect', code, 'application'], `\`auth\` answers with ${when}`, async (stage) => {
      let asked = 0;
      await stage.serve({ auth: () => (asked++ === 0 ? no : { user: 'ann' }) });
      return fateWith(stage, {});
    }),
  ),

  answer(['refresh', 3005, 'stale token'], 'the new token has expired, too', (stage) => fateOfRefresh(stage, stale)),
  answer(['refresh', 3005, 'clock'], 'the new token is not valid yet', (stage) => fateOfRefresh(stage, startsLater())),
  answer(
    ['refresh', 3005, 'clock'],
    'the new token was made up to 10 seconds before the tokens of its user were revoked',
    async (stage) => {
      const atSec = nowSec();
      await stage.serving({}, (app) => app.revokeUserTokens('ann', atSec));
      return fateOfRefresh(stage, { iat: atSec - 3 });
    },
  ),
  answer(
    ['refresh', 3005, 'race'],
    'the new token is of somebody else, who has signed in meanwhile; the client is back as that user',
    (stage) => fateOfRefresh(stage, { sub: 'bob' }),
  ),
  answer(['refresh', 100, 'fault'], 'the keys of the tokens cannot be fetched', async (stage) => {
    const provider = await keysOf(stage);
    await stage.serve({ auth: jwt({ secret, jwks: { url: provider.url } }) });
    provider.mode = 'failing';
    const later = await provider.sign('k1', { sub: 'ann' });
    const tokens = [stage.token({ expiresInSec: 2 })];
    return fateOfConnecting(stage.hurried(stage.client({ getToken: async () => tokens.shift() ?? later })));
  }),
  answer(['refresh', 111, 'load'], 'commands come faster than allowed', async (stage) => {
    await stage.serve({ limits: { commandsPerSec: 1, commandBurst: 3 } });
    let fetched = 0;
    const client: ReturnType<Stage['client']> = stage.client({
      getToken: async () => {
        // The refresh is behind these in the same turn.
        if (++fetched === 2) for (let n = 0; n < 3; n++) client.rpc('x', {}).catch(() => undefined);
        return stage.token(fetched === 1 ? { expiresInSec: 2 } : {});
      },
    });
    return fateOfConnecting(stage.hurried(client));
  }),
  answer(['refresh', 3500, 'mistake'], 'the new token is bad', (stage) =>
    fateOfRefresh(stage, { key: `${secret} not` }),
  ),
  answer(['refresh', 3500, 'application'], 'the new token was revoked', async (stage) =>
    fateOfRefresh(await stage.serving({}, (app) => app.revokeToken('t1')), { jti: 't1' }),
  ),
  answer(['refresh', 107, 'mistake'], 'the command has no token', (stage) =>
    fateOfRefresh(stage, {}, (frame) => [frame.replace(/"refresh":\{[^}]*\}/, '"refresh":{"token":""}')]),
  ),
  answer(
    ['refresh', 108, 'mistake'],
    'connections here are not renewed by tokens, and this one was never told to',
    async (stage) => {
      await stage.serve({ auth: () => ({ user: 'ann' }) });
      // The page believes what nobody has said.
      const client = await stage.connected({ getToken: async () => 'any' });
      const fate = fateOf(client);
      Reflect.apply(Reflect.get(client, '_refresh'), client, []);
      return fate;
    },
  ),
];
