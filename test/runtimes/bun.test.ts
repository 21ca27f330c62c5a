/** Bun: the server says in one line that it does not run there; the client does. */

import { fileURLToPath } from 'node:url';
import { channel, fanfare } from 'fanfare';
import { describe, expect, test } from 'vitest';
import { FanfareProcess } from '../cli/fanfare-process.js';
import { served } from '../support/servers/served.js';
import { runtimeBinary } from './runtime.js';

const bun = runtimeBinary('bun');
const clientProgram = fileURLToPath(new URL('client-program.mjs', import.meta.url));

describe.skipIf(bun === undefined)('Bun', () => {
  test('the server is refused with the reason and the runtimes that it has', async () => {
    await using server = new FanfareProcess(['dev', '--port', '0'], { runtime: [bun ?? ''] });
    const { code, stdout, stderr } = await server.exited;
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(/Bun.*Node.*Deno/)]);
  });

  test('fanfare/client subscribes, publishes and gets what it published', async () => {
    const app = fanfare({
      anonymous: true,
      channels: { 'chat:{room}': channel({ subscribe: 'anyone', publish: 'anyone' }) },
    });
    const { url } = await served(app);
    await using client = new FanfareProcess([url], { runtime: [bun ?? ''], script: clientProgram });
    expect(await client.exited).toMatchObject({ code: 0, stdout: '{"text":"hello"}\n' });
  });
});
