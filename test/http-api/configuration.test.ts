/** The options of the HTTP API, from a configuration to a running server. */

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConfiguredServer } from '../../src/server/from-config.js';
import { accepted, problemKeys } from '../support/config/loaded.js';
import { testFolder } from '../support/programs/test-folder.js';
import { postTo } from '../support/servers/api-server.js';

const key = 'first-key-0123456789abcdef-012345678';
const otherKey = 'other-key-0123456789abcdef-012345678';

type Env = Readonly<Record<string, string>>;
let folder: string;
beforeEach(() => (folder = testFolder()));

const sources = (env: Env) => ({ folder, env: { FANFARE_PORT: '0', FANFARE_LOG_LEVEL: 'silent', ...env } });
const loaded = (env: Env) => accepted(sources(env));

/** Runs a server; `status` tells what `info` is answered with, on the public and on the internal port. */
async function running(
  env: Env,
  run: (server: ConfiguredServer, status: (key?: string) => Promise<(number | undefined)[]>) => Promise<void>,
): Promise<void> {
  const server = new ConfiguredServer(await loaded(env));
  try {
    const { clients, internal } = await server.listen();
    await run(server, async (given) => {
      const headers = given === undefined ? {} : { 'X-API-Key': given };
      const of = async (url: string | undefined) => url && (await postTo(`${url}/api/info`, {}, headers)).status;
      return [await of(clients.url), await of(internal?.url)].map((status) => (status === '' ? undefined : status));
    });
  } finally {
    await server.app.close(0);
  }
}

it('without keys there is no API', async () =>
  running({}, async (_, status) => expect(await status(key)).toEqual([404, undefined])));

it('with a key it is on both listeners, or on the internal one alone', async () => {
  const env = { FANFARE_API_KEYS: key, FANFARE_INTERNAL_PORT: '0' };
  await running(env, async (_, status) => {
    expect(await status(key)).toEqual([200, 200]);
    expect(await status(otherKey)).toEqual([401, 401]);
    expect(await status()).toEqual([401, 401]);
  });
  await running({ ...env, FANFARE_API_INTERNAL_ONLY: 'true' }, async (_, status) => {
    expect(await status(key)).toEqual([404, 200]);
  });
});

// Each half of it opened the API once.
it('a key with a comma opens it as a whole, and neither of its halves does', async () => {
  await running({ FANFARE_API_KEYS: `${key},${otherKey}` }, async (_, status) => {
    expect(await status(`${key},${otherKey}`)).toEqual([200, undefined]);
    for (const half of [key, otherKey]) expect(await status(half)).toEqual([401, undefined]);
  });
});

it('without keys where that has been said', async () => {
  await running({ FANFARE_API_INSECURE: 'true' }, async (_, status) =>
    expect(await status()).toEqual([200, undefined]),
  );
});

it('keys come from a file, and change with a reload; the first one needs a restart', async () => {
  const file = join(folder, 'keys');
  writeFileSync(file, `${key}\n${otherKey}\n`, { mode: 0o600 });
  const env = { FANFARE_API_KEYS_FILE: 'keys' };
  await running(env, async (server, status) => {
    expect([await status(key), await status(otherKey)]).toEqual([
      [200, undefined],
      [200, undefined],
    ]);
    writeFileSync(file, `${otherKey}\n`);
    expect(server.reload(await loaded(env))).toEqual({ changed: ['api.keysFile (content)'], needRestart: [] });
    expect([await status(key), await status(otherKey)]).toEqual([
      [401, undefined],
      [200, undefined],
    ]);
  });
  await running({}, async (server, status) => {
    expect(server.reload(await loaded(env)).needRestart).toEqual(['api.keysFile']);
    expect(await status(otherKey)).toEqual([404, undefined]);
  });
});

it('B111 a file with keys that others may read is warned about, and one with its keys', async () => {
  writeFileSync(join(folder, 'keys'), key);
  chmodSync(join(folder, 'keys'), 0o644);
  expect((await loaded({ FANFARE_API_KEYS_FILE: 'keys' })).warnings.join()).toContain('api.keysFile');
  writeFileSync(join(folder, 'fanfare.json'), JSON.stringify({ api: { keys: [key] } }));
  chmodSync(join(folder, 'fanfare.json'), 0o644);
  const { warnings } = await loaded({});
  expect(warnings.join()).toContain('api.keys');
  expect(warnings.join()).not.toContain(key);
});

describe('what protects nothing or does not go together is refused, with the option named', () => {
  it.each<[string, string, Env]>([
    ['a short key', 'api.keys', { FANFARE_API_KEYS: 'short' }],
    ['an empty key', 'api.keys', { FANFARE_API_KEYS: '' }],
    ['a placeholder', 'api.keys', { FANFARE_API_KEYS: 'change-me-change-me-change-me-change-me' }],
    ['a file that is not there', 'api.keysFile', { FANFARE_API_KEYS_FILE: 'missing' }],
    ['keys twice', 'api.keys', { FANFARE_API_KEYS: key, FANFARE_API_KEYS_FILE: 'keys' }],
    ['internal only without an internal port', 'api.internalOnly', { FANFARE_API_INTERNAL_ONLY: 'true' }],
    ['keys and none needed', 'api.insecure', { FANFARE_API_INSECURE: 'true', FANFARE_API_KEYS: key }],
    ['open to the network', 'api.insecure', { FANFARE_API_INSECURE: 'true', FANFARE_HOST: '0.0.0.0' }],
    [
      'open to the network by the internal port',
      'api.insecure',
      { FANFARE_API_INSECURE: 'true', FANFARE_INTERNAL_PORT: '0', FANFARE_INTERNAL_HOST: '::' },
    ],
    ['a body limit below what any call needs', 'api.maxBodyBytes', { FANFARE_API_MAX_BODY_BYTES: '10' }],
  ])('B108 %s → %s', async (_, option, env) => expect(await problemKeys(sources(env))).toContain(option));
});
