/** Compression with clients in Python and Go, each as its library offers it. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { channel, fanfare } from 'fanfare';
import { beforeAll, describe, expect, test } from 'vitest';
import { goIsMissing, goProgram } from '../support/programs/go.js';
import { pythonIsMissing, pythonProgram } from '../support/programs/python.js';
import { served } from '../support/servers/served.js';

type Speak = (...args: string[]) => Promise<string>;

/** Longer than what a window of 512 bytes or 4 KiB holds, and than what was compressed before it. */
const table = (n: number) => Array.from({ length: 400 }, (_, row) => ({ n, row, name: `row ${(row * 7) % 31} 🎺` }));

/** Compressed messages in both directions, several in a row, with an uncompressed one between them. */
async function expectUnderstood(speak: Speak, library: string, agreed: string): Promise<void> {
  const app = fanfare({
    anonymous: true,
    channels: { 'room:{name}': channel({ subscribe: 'anyone', publish: 'anyone' }) },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const { url } = await served(app, { deflate: true, metrics: true });
  const all = [table(1), 'short', table(2), table(3)];
  const publishes = all.map((data, n) => JSON.stringify({ id: n + 3, publish: { channel: 'room:a', data } }));
  const frames = JSON.stringify(['{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"room:a"}}', ...publishes]);
  const address = `${url.replace('http', 'ws')}/connection/websocket`;
  const said = JSON.parse(await speak(library, address, frames, String(2 + 2 * all.length)));
  const data = said.lines.map((line: string) => JSON.parse(line).push?.pub.data).filter(Boolean);
  expect(data).toEqual(all);
  expect(said.agreed).toBe(agreed);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const metric = (name: string) => Number(new RegExp(`^fanfare_${name} (\\d+)$`, 'm').exec(metrics)?.[1]);
  expect(metric('deflated_frames_total')).toBeGreaterThanOrEqual(1);
  expect(metric('inflated_messages_total')).toBeGreaterThanOrEqual(3);
}

const neither = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

describe.skipIf(pythonIsMissing())('Python', () => {
  const script = fileURLToPath(new URL('deflate/client.py', import.meta.url));
  const speak: Speak = async (...args) =>
    (await promisify(execFile)(pythonProgram('python'), [script, ...args], { timeout: 30_000 })).stdout;

  test.each([
    ['websockets', neither],
    ['small window', `${neither}; server_max_window_bits=10`],
    ['aiohttp', 'compress=15'],
  ])('%s', (library, agreed) => expectUnderstood(speak, library, agreed));
});

describe.skipIf(goIsMissing())('Go', () => {
  let speak: Speak;
  beforeAll(async () => {
    speak = await goProgram('test/clients/deflate');
  }, 120_000);

  test.each(['gorilla', 'coder', 'coder with context'])('%s', (library) => expectUnderstood(speak, library, neither));
});
