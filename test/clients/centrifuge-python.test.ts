/** The official SDK for Python, in a version that sends an empty `Sec-WebSocket-Protocol`. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { channel, fanfare } from 'fanfare';
import { afterEach, expect, test } from 'vitest';
import { pythonIsMissing, pythonProgram } from '../support/programs/python.js';

const app = fanfare({
  anonymous: true,
  channels: { news: channel({ subscribe: 'anyone', publish: 'anyone' }) },
  log: { debug() {}, info() {}, warn() {}, error() {} },
});

afterEach(() => app.close(500));

test.skipIf(pythonIsMissing())('centrifuge-python 0.6 connects, subscribes, publishes and receives', async () => {
  const { port } = await app.listen(0);
  const script = fileURLToPath(new URL('centrifuge-python-0.6.py', import.meta.url));
  const args = [script, `ws://127.0.0.1:${port}/connection/websocket`];
  const { stdout } = await promisify(execFile)(pythonProgram('python'), args, { timeout: 30_000 });
  expect(stdout.trim()).toBe("{'from': 'Python'}");
});
