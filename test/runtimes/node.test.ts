/** A program with fanfare/client on this Node, as users run it: from the package, without a bundler. */

import { fileURLToPath } from 'node:url';
import { channel, fanfare } from 'fanfare';
import { expect, test } from 'vitest';
import { FanfareProcess } from '../cli/fanfare-process.js';
import { served } from '../support/servers/served.js';

const clientProgram = fileURLToPath(new URL('client-program.mjs', import.meta.url));

const withWebSocket = test.skipIf(globalThis.WebSocket === undefined);
withWebSocket('the client prints nothing of its own, no warnings of Node either', async () => {
  const app = fanfare({
    anonymous: true,
    channels: { 'chat:{room}': channel({ subscribe: 'anyone', publish: 'anyone' }) },
  });
  const { url } = await served(app);
  await using client = new FanfareProcess([url], { script: clientProgram });
  expect(await client.exited).toEqual({ code: 0, stdout: '{"text":"hello"}\n', stderr: '' });
});

const withoutWebSocket = test.skipIf(globalThis.WebSocket !== undefined);
withoutWebSocket('a Node without a WebSocket is told what to pass to connect()', async () => {
  await using client = new FanfareProcess(['ws://127.0.0.1:1'], { script: clientProgram });
  expect(await client.exited).toMatchObject({ code: 1, stderr: expect.stringContaining('ERR_NO_WEBSOCKET') });
});
