/** The level of the log changes while the server runs: on all nodes or one, for a while, and back by a reload. */

import { expect, test, vi } from 'vitest';
import { FanfareProcess, Folder } from '../cli/fanfare-process.js';
import { call } from '../cluster/plain-fleet.js';

/** The levels of the lines that a refused call leaves. */
async function linesOfRefusal(server: FanfareProcess, url: string): Promise<string[]> {
  const id = `r${Math.random().toString(36).slice(2)}`;
  await fetch(`${url}/api/publish`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Request-Id': id, Connection: 'close' },
    body: '{"channel":"nowhere:1","data":1}',
  });
  return server.stderr.split('\n').filter((line) => line.includes(id));
}

test('workers: log_level reaches all of them, and one by its id', { timeout: 120_000 }, async () => {
  const config = { port: 0, workers: 2, anonymous: true, api: { insecure: true }, log: { level: 'error' } };
  using folder = new Folder({ 'fanfare.json': JSON.stringify(config) });
  await using server = new FanfareProcess(['serve'], { folder });
  const url = await server.listening();
  await vi.waitFor(async () => expect((await call(url, 'info', {})).result).toMatchObject({ nodes: { length: 2 } }), {
    timeout: 15_000,
  });
  expect(await linesOfRefusal(server, url)).toEqual([]);
  const { result } = await call(url, 'log_level', { level: 'debug' });
  // safe: the API's own answer
  const { nodes } = result as { nodes: string[] };
  expect(nodes).toHaveLength(2);
  for (let n = 0; n < 4; n++) await vi.waitFor(async () => expect(await linesOfRefusal(server, url)).not.toEqual([]));
  expect((await call(url, 'log_level', { level: 'error', node: nodes[1] })).result).toEqual({ nodes: [nodes[1]] });
  expect((await call(url, 'log_level', { level: 'error', node: 'nobody' })).error?.code).toBe(108);
});

test('a reload puts the configured level into force', { timeout: 120_000 }, async () => {
  const config = { port: 0, anonymous: true, api: { insecure: true }, log: { level: 'info' } };
  using folder = new Folder({ 'fanfare.json': JSON.stringify(config) });
  await using server = new FanfareProcess(['serve'], { folder });
  const url = await server.listening();
  await call(url, 'log_level', { level: 'debug' });
  await vi.waitFor(async () => expect(await linesOfRefusal(server, url)).toHaveLength(1));
  server.signal('SIGHUP');
  await server.seen('stderr', /configuration reloaded/);
  expect(await linesOfRefusal(server, url)).toEqual([]);
  expect((await call(url, 'log_level', { level: 'verbose' })).status).toBe(400);
});
