/** How long and how many probes may stay open, on a fake clock. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { Probes, probeLimits } from './probes.js';

describe('Probes', () => {
  let clock: FakeClock;
  let probes: Probes;
  let server: Server;

  beforeEach(async () => {
    clock = new FakeClock();
    probes = new Probes(clock, (_, socket) => socket.destroy(), 3);
    server = createServer();
    server.on('upgrade', (request, socket, head) => {
      if (probes.findFull() === undefined) probes.upgrade(request, socket, head);
      else socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(() => {
    probes.terminateAll();
    server.close();
  });

  async function open(): Promise<WebSocket> {
    // safe: it listens on a port
    const ws = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, 'fanfare.probe');
    await new Promise((resolve, reject) => {
      ws.once('open', resolve);
      ws.once('error', reject);
    });
    return ws;
  }

  it('ends those that take too long, and forgets the timers of those that have ended', async () => {
    const short = await open();
    const long = await open();
    expect(clock.numTimers).toBe(2);
    short.close();
    await vi.waitFor(() => expect(clock.numTimers).toBe(1));
    const closed = new Promise<number>((resolve) => long.once('close', resolve));
    await clock.advance(probeLimits.maxDurationMs);
    expect(await closed).toBe(1_008);
    expect(clock.numTimers).toBe(0);
  });

  it('is full at its limit, until one has ended', async () => {
    const all = [await open(), await open()];
    expect(probes.findFull()).toBeUndefined();
    all.push(await open());
    expect(probes.findFull()).toMatchObject({ status: 503 });
    all[0]?.terminate();
    await vi.waitFor(() => expect(probes.findFull()).toBeUndefined());
    for (const ws of all) ws.terminate();
  });

  it('counts pings and pongs, as messages', async () => {
    const ws = await open();
    const closed = new Promise<number>((resolve) => ws.once('close', resolve));
    const answered = new Promise((resolve) => ws.once('pong', resolve));
    ws.ping('up?');
    expect(String(await answered)).toBe('up?');
    for (let i = 0; i < probeLimits.maxMessages; i++) ws.pong();
    expect(await closed).toBe(1_008);
  });
});
