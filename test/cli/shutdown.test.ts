/** F12: how a process takes its leave on SIGTERM: readiness first, newcomers refused, clients sent away at a pace. */

import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { StallClock } from '../chaos/stall-clock.js';
import { FanfareProcess } from './fanfare-process.js';
import { connected, handshakeStatus } from './handshake.js';

const open = ['--port', '0', '--anonymous', '--log-level', 'warn'];

function closeCodeOf(socket: WebSocket): Promise<{ code: number; atMs: number }> {
  return new Promise((resolve) => socket.once('close', (code) => resolve({ code, atMs: performance.now() })));
}

test('for the delay readiness fails and clients are let in; then they are refused', async () => {
  await using server = new FanfareProcess([...open, '--shutdown-delay', '4s', '--shutdown-deadline', '10s']);
  const url = await server.listening();
  const staying = await connected(url);
  const closed = closeCodeOf(staying);
  server.signal('SIGTERM');
  await server.seen('stdout', /shutting down/);
  const ready = await fetch(`${url}/health/ready`);
  expect({ status: ready.status, body: await ready.json() }).toEqual({ status: 503, body: { status: 'draining' } });
  // A proxy would send its next request over this connection when nobody listens any more.
  expect(ready.headers.get('connection')).toBe('close');
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  const newcomer = closeCodeOf(await connected(url));
  expect((await closed).code).toBe(3001);
  expect((await newcomer).code).toBe(3001);
  expect((await server.exited).code).toBe(0);
});

test('clients go at the rate, with 3001; whoever comes meanwhile gets 503; the process ends before its deadline', async () => {
  const args = ['--shutdown-clients-per-sec', '20', '--shutdown-deadline', '10s'];
  await using server = new FanfareProcess([...open, ...args]);
  const url = await server.listening();
  const sockets = await Promise.all(Array.from({ length: 40 }, () => connected(url)));
  const closed = sockets.map(closeCodeOf);
  using clock = new StallClock();
  const beganMs = performance.now();
  server.signal('SIGTERM');
  await server.seen('stdout', /shutting down/);
  expect(await handshakeStatus(url, {})).toBe(503);
  const refused = await fetch(`${url}/connection/http_stream`, { method: 'POST' });
  expect({ status: refused.status, retryAfter: refused.headers.get('retry-after') }).toEqual({
    status: 503,
    retryAfter: '1',
  });
  const ends = await Promise.all(closed);
  expect(new Set(ends.map(({ code }) => code))).toEqual(new Set([3001]));
  const times = ends.map(({ atMs }) => atMs - beganMs).sort((a, b) => a - b);
  expect(times.at(-1)).toBeGreaterThan(1_700);
  // While this process stands still they go on to leave, and it hears of all of these at once.
  const most = 30 + 0.02 * clock.stalledMs;
  for (const from of times)
    expect(times.filter((ms) => ms >= from && ms < from + 1_000).length).toBeLessThanOrEqual(most);
  const { code, stderr } = await server.exited;
  expect(code).toBe(0);
  expect(stderr).not.toContain('faster than shutdown.clientsPerSec');
  expect(performance.now() - beganMs).toBeLessThan(10_000);
});

test('the deadline wins over the rate, with a warning', async () => {
  const args = ['--shutdown-clients-per-sec', '1', '--shutdown-deadline', '2s'];
  await using server = new FanfareProcess([...open, ...args]);
  const url = await server.listening();
  const sockets = await Promise.all(Array.from({ length: 20 }, () => connected(url)));
  const closed = sockets.map(closeCodeOf);
  const beganMs = performance.now();
  server.signal('SIGTERM');
  const { code, stderr } = await server.exited;
  // At that rate it would have been 20 seconds.
  expect(performance.now() - beganMs).toBeLessThan(12_000);
  expect(new Set((await Promise.all(closed)).map((end) => end.code))).toEqual(new Set([3001]));
  expect(code).toBe(0);
  expect(stderr).toContain('"wanted":1');
});

test('a session over HTTP is told and its response is finished', async () => {
  await using server = new FanfareProcess([...open, '--shutdown-deadline', '5s']);
  const url = await server.listening();
  const headers = { 'Content-Type': 'application/json' };
  const stream = await fetch(`${url}/connection/http_stream`, {
    method: 'POST',
    headers,
    body: '{"id":1,"connect":{}}',
  });
  const text = stream.text();
  server.signal('SIGTERM');
  const lines = (await text).trim().split('\n');
  expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ push: { disconnect: { code: 3001, reason: 'shutdown' } } });
  expect((await server.exited).code).toBe(0);
});
