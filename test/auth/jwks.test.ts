/** Keys of an identity provider, with the official client: rotation, outages, and many who come at once. */

import { Centrifuge, type Options } from 'centrifuge';
import { channel, type FanfareApp, fanfare, jwt } from 'fanfare';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { loadConfig } from '../../src/config/load.js';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { ConfiguredServer } from '../../src/server/from-config.js';
import { gather } from '../support/centrifuge/awaiting.js';
import { errorCode, RawClient } from '../support/clients/raw-client.js';
import { canary, Oracle } from '../support/hardening/oracle.js';
import { KeyProvider } from '../support/servers/key-provider.js';

let provider: KeyProvider;
let clients: Centrifuge[];
beforeEach(async () => {
  provider = await KeyProvider.start();
  await provider.add('k1');
  clients = [];
});
afterEach(async () => {
  vi.useRealTimers();
  for (const client of clients) client.disconnect();
  await provider[Symbol.asyncDispose]();
});

function newClient(port: number, options: Partial<Options>): Centrifuge {
  const quick = { minReconnectDelay: 10, maxReconnectDelay: 200, websocket: WebSocket };
  const client = new Centrifuge(`ws://127.0.0.1:${port}/connection/websocket`, { ...quick, ...options });
  clients.push(client);
  return client;
}

describe('the official client', () => {
  let app: FanfareApp<Record<never, never>, Record<never, never>>;
  let port: number;
  beforeEach(async () => {
    const auth = jwt({ jwks: { url: provider.url, issuer: 'idp' }, audience: 'app' });
    app = fanfare({ auth, log: silentLogger });
    ({ port } = await app.listen(0));
  });
  afterEach(() => app.close(500));

  const token = (kid: string) => provider.sign(kid, { sub: 'ann', iss: 'idp', aud: 'app' });

  test.each(['RS256', 'ES256', 'EdDSA'] as const)('gets in with %s', async (alg) => {
    await provider.add('other', alg);
    const client = newClient(port, { token: await token('other') });
    client.connect();
    await client.ready(5_000);
  });

  test('200 that come at once cause one fetch', async () => {
    const signed = await token('k1');
    const all = Array.from({ length: 200 }, () => newClient(port, { token: signed }));
    for (const client of all) client.connect();
    await Promise.all(all.map((client) => client.ready(10_000)));
    expect(provider.numFetches).toBe(1);
  });

  test('comes back with a new key after rotation, and not with the old one', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const attempt = async (kid: string) => {
      const client = await RawClient.open(port);
      const reply = await client.command('connect', { token: await token(kid) }).catch(() => undefined);
      if (reply === undefined) return (await client.ws.closed).code;
      await client.close();
      return errorCode(reply) ?? 'in';
    };
    expect(await attempt('k1')).toBe('in');
    await provider.add('k2');
    provider.withdraw('k1');
    // The provider is asked for unknown keys once a minute.
    expect(await attempt('k2')).toBe(109);
    vi.setSystemTime(Date.now() + 60_001);
    expect(await attempt('k2')).toBe('in');
    expect(await attempt('k1')).toBe(109);
    expect(provider.numFetches).toBe(2);
  });

  test('is told to try again (100) while the provider is down, and is in within 10 s of its return', async () => {
    provider.mode = 'failing';
    const client = newClient(port, { token: await token('k1') });
    const errors = gather(client, 'error', ({ error }) => error.code);
    client.connect();
    await errors.atLeast(5);
    expect(new Set(errors.items)).toEqual(new Set([100]));
    // However many try, the provider is not stormed.
    expect(provider.numFetches).toBe(1);
    provider.mode = 'ok';
    const backMs = performance.now();
    await client.ready(10_000);
    expect(performance.now() - backMs).toBeLessThan(10_000);
    expect(provider.numFetches).toBe(2);
  });

  test.each(['redirecting', 'garbage'] as const)('%s: nobody gets in, and nobody else is asked', async (mode) => {
    provider.mode = mode;
    const client = newClient(port, { token: await token('k1') });
    const errors = gather(client, 'error', ({ error }) => error.code);
    client.connect();
    await errors.atLeast(1);
    expect(errors.items[0]).toBe(100);
    expect([...provider.requests.keys()]).toEqual(['/keys']);
  });

  // Once, everybody who came with a new key within a minute after it was made was sent away for good.
  test('is told to get another token (109) while the provider knows no such key, and is in when it does', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const first = newClient(port, { token: await token('k1') });
    first.connect();
    await first.ready(5_000);
    await provider.add('k3');
    const client = newClient(port, { getToken: () => token('k3') });
    const errors = gather(client, 'error', ({ error }) => error.code);
    client.connect();
    await errors.atLeast(2);
    expect(new Set(errors.items)).toEqual(new Set([109]));
    vi.setSystemTime(Date.now() + 60_001);
    await client.ready(5_000);
  });
});

describe('F16 a provider that hangs', () => {
  test('holds up nobody who is connected; connects fail with 100 after 2 s, then at once', async () => {
    const oracle = await Oracle.start({ jwt: { jwks: { url: provider.url, issuer: 'idp' } } });
    try {
      const token = await provider.sign('k1', { sub: 'ann', iss: 'idp', info: canary });
      const attempt = async () => {
        const client = await RawClient.open(oracle.port);
        const code = errorCode(await client.command('connect', { token }));
        await client.close();
        return code;
      };
      provider.mode = 'hanging';
      await oracle.withstands(
        async () => {
          const beganMs = performance.now();
          const codes = await Promise.all(Array.from({ length: 100 }, attempt));
          expect(new Set(codes)).toEqual(new Set([100]));
          expect(performance.now() - beganMs).toBeGreaterThan(1_500);
          expect(performance.now() - beganMs).toBeLessThan(5_000);
          const againMs = performance.now();
          expect(await attempt()).toBe(100);
          expect(performance.now() - againMs).toBeLessThan(500);
          // Ten of a kind with the reason, and each refusal at the level debug.
        },
        { atMost: 111 },
      );
      expect(provider.numFetches).toBe(1);
      provider.mode = 'ok';
      await vi.waitFor(async () => expect(await attempt()).toBeUndefined(), { timeout: 10_000, interval: 200 });
    } finally {
      await oracle.stop();
    }
  });

  test('endless: a key set of more than 1 MB is not taken, and costs no memory', async () => {
    const oracle = await Oracle.start({ jwt: { jwks: { url: provider.url, issuer: 'idp' } } });
    try {
      provider.mode = 'endless';
      const token = await provider.sign('k1', { sub: 'ann', iss: 'idp' });
      await oracle.withstands(async () => {
        const client = await RawClient.open(oracle.port);
        expect(errorCode(await client.command('connect', { token }))).toBe(100);
        await client.close();
      }, 1);
    } finally {
      await oracle.stop();
    }
  });
});

test('the server takes the address of a key set from its configuration', async () => {
  const env = { FANFARE_PORT: '0', FANFARE_LOG_LEVEL: 'silent', FANFARE_TOKEN_JWKS: provider.url };
  const outcome = await loadConfig({ folder: '/', env, flags: new Map(), mode: 'production' });
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  const server = new ConfiguredServer(outcome.config);
  try {
    const { clients: address } = await server.listen();
    const client = newClient(address.port, { token: await provider.sign('k1', { sub: 'ann' }) });
    client.connect();
    await client.ready(5_000);
    expect(server.app.numClients).toBe(1);
  } finally {
    await server.app.close(500);
  }
});

test('channels, too, are opened by tokens of the provider', async () => {
  const app = fanfare({
    auth: jwt({ jwks: { url: provider.url } }),
    channels: { 'room:{id}': channel({ subscribe: 'token' }) },
    log: silentLogger,
  });
  try {
    const { port } = await app.listen(0);
    const client = newClient(port, { token: await provider.sign('k1', { sub: 'ann' }) });
    client.connect();
    const room = client.newSubscription('room:1', {
      token: await provider.sign('k1', { sub: 'ann', channel: 'room:1' }),
    });
    room.subscribe();
    await room.ready(5_000);
  } finally {
    await app.close(500);
  }
});
