/** Keys of an identity provider, with the official client: rotation, outages, and many who come at once. */

import { Centrifuge, type Options } from 'centrifuge';
import { channel, fanfare, jwt } from 'fanfare';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { ConfiguredServer } from '../../src/server/from-config.js';
import { gather } from '../support/centrifuge/awaiting.js';
import { ready, subscribed } from '../support/centrifuge/context.js';
import { RawClient } from '../support/clients/raw-client.js';
import { accepted } from '../support/config/loaded.js';
import { canary, Oracle } from '../support/hardening/oracle.js';
import { KeyProvider } from '../support/servers/key-provider.js';
import { served } from '../support/servers/served.js';

let provider: KeyProvider;
beforeEach(async () => {
  provider = await KeyProvider.start();
  onTestFinished(() => provider[Symbol.asyncDispose]());
  await provider.add('k1');
});
afterEach(() => void vi.useRealTimers());

function newClient(port: number, options: Partial<Options>): Centrifuge {
  const quick = { minReconnectDelay: 10, maxReconnectDelay: 200, websocket: WebSocket };
  const client = new Centrifuge(`ws://127.0.0.1:${port}/connection/websocket`, { ...quick, ...options });
  onTestFinished(() => client.disconnect());
  return client;
}

async function connected(port: number, options: Partial<Options>): Promise<Centrifuge> {
  return ready(newClient(port, options));
}

describe('the official client', () => {
  let port: number;
  beforeEach(async () => {
    const auth = jwt({ jwks: { url: provider.url, issuer: 'idp' }, audience: 'app' });
    ({ port } = await served(fanfare({ auth, log: silentLogger })));
  });

  const token = (kid: string) => provider.sign(kid, { sub: 'ann', iss: 'idp', aud: 'app' });

  test.each(['RS256', 'ES256', 'EdDSA'] as const)('gets in with %s', async (alg) => {
    await provider.add('other', alg);
    await connected(port, { token: await token('other') });
  });

  test('200 that come at once cause one fetch', async () => {
    const signed = await token('k1');
    const all = Array.from({ length: 200 }, () => newClient(port, { token: signed }));
    for (const client of all) client.connect();
    await Promise.all(all.map((client) => client.ready(20_000)));
    expect(provider.numFetches).toBe(1);
  });

  test('comes back with a new key after rotation, and not with the old one', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const attempt = async (kid: string) => (await RawClient.attempt(port, await token(kid))).code ?? 'in';
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
    await client.ready(20_000);
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
    await connected(port, { token: await token('k1') });
    await provider.add('k3');
    const client = newClient(port, { getToken: () => token('k3') });
    const errors = gather(client, 'error', ({ error }) => error.code);
    client.connect();
    await errors.atLeast(2);
    expect(new Set(errors.items)).toEqual(new Set([109]));
    vi.setSystemTime(Date.now() + 60_001);
    await client.ready(20_000);
  });
});

describe('F16 a provider that hangs', () => {
  test('holds up nobody who is connected; connects fail with 100 after 2 s, then at once', async () => {
    await using oracle = await Oracle.start({ jwt: { jwks: { url: provider.url, issuer: 'idp' } } });
    const token = await provider.sign('k1', { sub: 'ann', iss: 'idp', info: canary });
    const attempt = async () => (await RawClient.attempt(oracle.port, token)).code;
    provider.mode = 'hanging';
    const storm = async () => {
      const beganMs = performance.now();
      const codes = await Promise.all(Array.from({ length: 100 }, attempt));
      expect(new Set(codes)).toEqual(new Set([100]));
      expect(performance.now() - beganMs).toBeGreaterThan(1_500);
      // Together, not one after the other.
      expect(performance.now() - beganMs).toBeLessThan(20_000);
      const againMs = performance.now();
      expect(await attempt()).toBe(100);
      // Without another two seconds.
      expect(performance.now() - againMs).toBeLessThan(1_900);
    };
    // Ten of a kind with the reason, and each refusal at the level debug.
    await oracle.withstands(storm, { atMost: 111 });
    expect(provider.numFetches).toBe(1);
    provider.mode = 'ok';
    await vi.waitFor(async () => expect(await attempt()).toBeUndefined(), { timeout: 10_000, interval: 200 });
  });

  test('endless: a key set of more than 1 MB is not taken, and costs no memory', async () => {
    await using oracle = await Oracle.start({ jwt: { jwks: { url: provider.url, issuer: 'idp' } } });
    provider.mode = 'endless';
    const token = await provider.sign('k1', { sub: 'ann', iss: 'idp' });
    await oracle.withstands(async () => expect((await RawClient.attempt(oracle.port, token)).code).toBe(100), 1);
  });
});

test('the server takes the address of a key set from its configuration', async () => {
  const env = { FANFARE_PORT: '0', FANFARE_LOG_LEVEL: 'silent', FANFARE_TOKEN_JWKS: provider.url };
  const server = new ConfiguredServer(await accepted({ env }));
  try {
    const { clients: address } = await server.listen();
    await connected(address.port, { token: await provider.sign('k1', { sub: 'ann' }) });
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
  const { port } = await served(app);
  const client = await connected(port, { token: await provider.sign('k1', { sub: 'ann' }) });
  await subscribed(client, 'room:1', { token: await provider.sign('k1', { sub: 'ann', channel: 'room:1' }) });
});
