/** A secret with a comma in it is one secret, down to the tokens that are let in. */

import { tmpdir } from 'node:os';
import { SignJWT } from 'jose';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { ConfiguredServer } from '../../src/server/from-config.js';
import { errorCode, RawClient } from '../support/clients/raw-client.js';

const first = 'K9v2-first-half-of-a-secret-0123456789';
const second = 'X3q7-other-half-of-a-secret-abcdefghij';

const signedWith = (secret: string) =>
  new SignJWT({ sub: 'alice' }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret));

it('a token signed with either half of it is refused', async () => {
  const env = { FANFARE_PORT: '0', FANFARE_LOG_LEVEL: 'silent', FANFARE_TOKEN_SECRET: `${first},${second}` };
  const outcome = await loadConfig({ folder: tmpdir(), env, flags: new Map(), mode: 'production' });
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  const server = new ConfiguredServer(outcome.config);
  try {
    const { clients } = await server.listen();
    const whole = await RawClient.open(clients.port);
    const token = await signedWith(`${first},${second}`);
    expect(errorCode(await whole.command('connect', { token }))).toBeUndefined();
    await whole.close();
    for (const half of [first, second]) {
      const client = await RawClient.open(clients.port);
      const refused = expect(client.command('connect', { token: await signedWith(half) })).rejects.toThrow();
      expect((await client.ws.closed).code).toBe(3500);
      await refused;
    }
  } finally {
    await server.app.close(0);
  }
});
