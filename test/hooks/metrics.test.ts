/** What `/metrics` tells of hooks. */

import { expect, test } from 'vitest';
import { codeOfRefusal } from '../support/centrifuge/awaiting.js';
import { HookedServer } from './hooked-server.js';

test('calls, failures by reason, latency, and whether a backend is taken for dead', async () => {
  await using server = await HookedServer.start({
    hooks: { connect: '/connect', rpc: '/rpc', breakerFailures: 2, eventTypes: [] },
  });
  server.backend.on('/connect', () => ({ result: { user: '42' } })).on('/rpc', () => ({ result: {} }));
  const client = await server.connected();
  await client.rpc('m', 1);
  server.backend.on('/rpc', () => 'hang up');
  for (let i = 0; i < 3; i++) expect(await codeOfRefusal(client.rpc('m', 1))).toBe(100);
  const metrics = await server.metrics();
  for (const line of [
    'fanfare_hook_calls_total{hook="connect"} 1',
    'fanfare_hook_calls_total{hook="rpc"} 4',
    'fanfare_hook_failures_total{hook="rpc",reason="unreachable"} 2',
    'fanfare_hook_failures_total{hook="rpc",reason="open"} 1',
    'fanfare_hook_seconds_count{hook="rpc"} 3',
    'fanfare_hook_breaker_open{hook="connect"} 0',
    'fanfare_hook_breaker_open{hook="rpc"} 1',
    'fanfare_hook_in_flight{hook="rpc"} 0',
    'fanfare_hook_waiting{hook="rpc"} 0',
  ]) {
    expect(metrics).toContain(line);
  }
});

test('events that wait and are lost', async () => {
  await using server = await HookedServer.start({
    hooks: { connect: '/connect', events: '/events', eventTypes: ['connected'], maxQueuedEvents: 1 },
  });
  server.backend.on('/connect', () => ({ result: { user: '42' } })).on('/events', () => 'hang');
  await server.connected();
  await server.backend.waitFor('/events');
  for (let i = 0; i < 3; i++) await server.connected();
  const metrics = await server.metrics();
  expect(metrics).toContain('fanfare_hook_events_queued 2');
  expect(metrics).toContain('fanfare_hook_events_dropped_total 2');
  expect(metrics).toContain('fanfare_hook_events_delivered_total 0');
  server.backend.on('/events', () => ({}));
});

test('without hooks there is nothing of them', async () => {
  await using server = await HookedServer.start({ anonymous: true });
  await server.connected();
  expect(await server.metrics()).toEqual([]);
});
