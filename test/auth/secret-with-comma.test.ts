/** A secret with a comma in it is one secret, down to the tokens that are let in. */

import { expect, it } from 'vitest';
import { ConfiguredServer } from '../../src/server/from-config.js';
import { RawClient } from '../support/clients/raw-client.js';
import { accepted } from '../support/config/loaded.js';
import { signed } from '../support/servers/signed.js';

const first = 'K9v2-first-half-of-a-secret-0123456789';
const second = 'X3q7-other-half-of-a-secret-abcdefghij';

it('a token signed with either half of it is refused', async () => {
  const env = { FANFARE_PORT: '0', FANFARE_LOG_LEVEL: 'silent', FANFARE_TOKEN_SECRET: `${first},${second}` };
  const server = new ConfiguredServer(await accepted({ env }));
  try {
    const { clients } = await server.listen();
    const attempt = async (secret: string) =>
      (await RawClient.attempt(clients.port, await signed(secret, { sub: 'alice' }))).code;
    expect(await attempt(`${first},${second}`)).toBeUndefined();
    for (const half of [first, second]) expect(await attempt(half)).toBe(3500);
  } finally {
    await server.app.close(0);
  }
});
