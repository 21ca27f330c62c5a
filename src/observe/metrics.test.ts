/** What `/metrics` says of a node. */

import { existsSync, readdirSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { EngineNode } from '../../test/support/engine/node.js';
import { type ChannelDeclaration, channel } from '../engine/channels/channel-options.js';
import { type Metrics, nodeMetrics } from './metrics.js';

let world: EngineNode;
let metrics: Metrics;

beforeEach(async () => {
  const channels = {
    'room:{id}': channel({ subscribe: 'anyone', publish: 'anyone' }),
    'kept:{id}': channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 3 } }),
  };
  world = await EngineNode.start({ channels });
  metrics = nodeMetrics(world.node.ports);
  return () => metrics.close();
});

const text = async () => (await metrics.render()).text;

/** Values by name and labels, as they stand in the text. */
async function scrape(): Promise<Map<string, number>> {
  const lines = (await text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

/** The values with these names, without `fanfare_`. */
async function valuesOf(...names: readonly string[]): Promise<unknown> {
  const values = await scrape();
  return Object.fromEntries(names.map((name) => [name, values.get(`fanfare_${name}`)]));
}

describe('the exposition', () => {
  test('every metric has a help text and a type, and no name is there twice', async () => {
    const lines = (await text()).split('\n');
    const helps = lines.filter((line) => line.startsWith('# HELP ')).map((line) => line.split(' '));
    const types = lines.filter((line) => line.startsWith('# TYPE ')).map((line) => line.split(' ')[2]);
    const names = helps.map(([, , name]) => name);
    for (const words of helps) expect(words.slice(3).join(' ').length).toBeGreaterThan(3);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(types)).toEqual(new Set(names));
    for (const sample of (await scrape()).keys()) {
      const base = sample.replace(/\{.*/, '').replace(/_(bucket|sum|count)$/, '');
      expect(names.some((name) => name === base || name === sample.replace(/\{.*/, ''))).toBe(true);
    }
  });

  test('has the metrics of the process and of the event loop too', async () => {
    const values = await scrape();
    expect(values.get('process_resident_memory_bytes')).toBeGreaterThan(0);
    expect(values.get('nodejs_heap_size_used_bytes')).toBeGreaterThan(0);
    // Of these some come and go meanwhile.
    if (existsSync('/proc/self/fd')) {
      const difference = readdirSync('/proc/self/fd').length - Number(values.get('process_open_fds'));
      expect(Math.abs(difference)).toBeLessThan(8);
    }
    for (const which of ['p50', 'p99', 'max']) {
      expect(values.get(`fanfare_event_loop_lag_${which}_seconds`)).toBeGreaterThanOrEqual(0);
    }
  });

  test('has none that walks over every socket', async () => {
    expect([...(await scrape()).keys()].filter((name) => name.startsWith('nodejs_active_'))).toEqual([]);
  });

  test('counters have names that end in _total, others have not', async () => {
    const lines = (await text()).split('\n').filter((line) => line.startsWith('# TYPE fanfare_'));
    expect(lines.length).toBeGreaterThan(15);
    for (const line of lines) expect(line.endsWith(' counter')).toBe(line.includes('_total '));
  });

  test('the buckets of a histogram only grow, and the last one has all', async () => {
    const client = await world.connect();
    await client.command('subscribe', { channel: 'room:1' });
    await client.command('publish', { channel: 'room:1', data: 1 });
    const lines = [...(await scrape())];
    const buckets = lines.filter(([name]) => name.startsWith('fanfare_delivery_seconds_bucket{rule="room:{id}"'));
    const counts = buckets.map(([, count]) => count);
    expect(counts.length).toBeGreaterThan(10);
    expect(counts).toEqual([...counts].sort((one, other) => one - other));
    expect(buckets.at(-1)).toEqual(['fanfare_delivery_seconds_bucket{rule="room:{id}",le="+Inf"}', 1]);
    expect(await valuesOf('delivery_seconds_count{rule="room:{id}"}')).toEqual({
      'delivery_seconds_count{rule="room:{id}"}': 1,
    });
  });
});

describe('values', () => {
  test('follow what the node does', async () => {
    const client = await world.connect();
    await client.command('subscribe', { channel: 'room:1' });
    await client.command('publish', { channel: 'room:1', data: 1 });
    const other = await world.connect();
    await other.command('subscribe', { channel: 'room:1' });
    client.connection.bufferedBytes = 77;
    expect(
      await valuesOf(
        'connections',
        'clients',
        'users',
        'channels{rule="room:{id}"}',
        'channels{rule="kept:{id}"}',
        'subscriptions{rule="room:{id}"}',
        'queue_bytes',
        'queue_largest_bytes',
        'draining',
        'connections_opened_total',
        'commands_total{method="connect"}',
        'commands_total{method="subscribe"}',
        'commands_total{method="publish"}',
        'publications_in_total{rule="room:{id}"}',
        'publications_out_total{rule="room:{id}"}',
        'publications_out_total{rule="kept:{id}"}',
        'frames_in_total',
        'transport_connections{transport="recorded"}',
        'connect_seconds_count{transport="recorded"}',
        'batch_publications_count',
        'broker_seconds_count{operation="publish"}',
        `build_info{version="test",node="${process.versions.node}"}`,
        'client_versions{name="",version=""}',
      ),
    ).toEqual({
      connections: 2,
      clients: 2,
      users: 1,
      'channels{rule="room:{id}"}': 1,
      'channels{rule="kept:{id}"}': 0,
      'subscriptions{rule="room:{id}"}': 2,
      queue_bytes: 77,
      queue_largest_bytes: 77,
      draining: 0,
      connections_opened_total: 2,
      'commands_total{method="connect"}': 2,
      'commands_total{method="subscribe"}': 2,
      'commands_total{method="publish"}': 1,
      'publications_in_total{rule="room:{id}"}': 1,
      'publications_out_total{rule="room:{id}"}': 1,
      'publications_out_total{rule="kept:{id}"}': 0,
      frames_in_total: 5,
      'transport_connections{transport="recorded"}': 2,
      'connect_seconds_count{transport="recorded"}': 2,
      batch_publications_count: 1,
      'broker_seconds_count{operation="publish"}': 1,
      [`build_info{version="test",node="${process.versions.node}"}`]: 1,
      'client_versions{name="",version=""}': 2,
    });
    const { counters } = world.node.ports;
    const values = await scrape();
    expect(values.get('fanfare_frames_out_total')).toBe(counters.framesOut);
    expect(values.get('fanfare_sent_bytes_total')).toBe(counters.bytesOut);
    expect(values.get('fanfare_received_bytes_total')).toBe(counters.bytesIn);
    expect(counters.bytesIn).toBeGreaterThan(100);
  });

  test('errors are counted by code and rule, and every code is there before the first', async () => {
    const client = await world.connect();
    expect(await valuesOf('errors_total{code="112",rule=""}', 'disconnects_total{code="3008"}')).toEqual({
      'errors_total{code="112",rule=""}': 0,
      'disconnects_total{code="3008"}': 0,
    });
    await client.command('subscribe', { channel: 'unknown' });
    await client.command('rpc', { method: 'm' });
    await client.command('rpc', { method: 'm' });
    await client.command('presence', { channel: 'room:1' });
    client.session.receive('garbage');
    await world.clock.settle();
    expect(
      await valuesOf(
        'errors_total{code="102",rule=""}',
        'errors_total{code="108",rule=""}',
        'errors_total{code="108",rule="room:{id}"}',
        'disconnects_total{code="3501"}',
        'connections',
      ),
    ).toEqual({
      'errors_total{code="102",rule=""}': 1,
      'errors_total{code="108",rule=""}': 2,
      'errors_total{code="108",rule="room:{id}"}': 1,
      'disconnects_total{code="3501"}': 1,
      connections: 0,
    });
  });

  test('recoveries are counted by rule, their sizes, and why others have failed', async () => {
    const client = await world.connect();
    const publish = async () => client.command('publish', { channel: 'kept:1', data: 1 });
    await publish();
    const { epoch } = Object(await client.command('subscribe', { channel: 'kept:1', recoverable: true }));
    const recover = async (since: object) => {
      const later = await world.connect();
      await later.command('subscribe', { channel: 'kept:1', recover: true, ...since });
    };
    await publish();
    await publish();
    await recover({ offset: 1, epoch });
    await recover({ offset: 1, epoch: 'another' });
    await publish();
    await publish();
    await recover({ offset: 1, epoch });
    const failed = 'recoveries_failed_total{rule="kept:{id}"';
    expect(
      await valuesOf(
        'recoveries_total{rule="kept:{id}"}',
        `${failed},reason="epoch"}`,
        `${failed},reason="trimmed"}`,
        `${failed},reason="too-large"}`,
        'recovered_publications_sum{rule="kept:{id}"}',
        'publications_recovered_total{rule="kept:{id}"}',
        'memory_streams',
        'memory_history_bytes',
      ),
    ).toEqual({
      'recoveries_total{rule="kept:{id}"}': 1,
      [`${failed},reason="epoch"}`]: 1,
      [`${failed},reason="trimmed"}`]: 1,
      [`${failed},reason="too-large"}`]: 0,
      'recovered_publications_sum{rule="kept:{id}"}': 2,
      'publications_recovered_total{rule="kept:{id}"}': 2,
      memory_streams: 1,
      memory_history_bytes: 3,
    });
  });

  test('the time from a ping to its pong', async () => {
    const client = await world.connect();
    while (!client.connection.texts.includes('{}')) await world.clock.advance(1_000);
    client.session.receive('{}');
    await world.clock.settle();
    expect(await valuesOf('ping_seconds_count{transport="recorded"}')).toEqual({
      'ping_seconds_count{transport="recorded"}': 1,
    });
  });

  test('counters stay the same when nothing happens between two scrapes', async () => {
    await world.connect();
    const pick = (values: Map<string, number>) => [...values].filter(([name]) => /^fanfare_.*_total/.test(name));
    expect(pick(await scrape())).toEqual(pick(await scrape()));
  });

  test('a draining node says so', async () => {
    world.node.ports.admission.drain();
    expect((await scrape()).get('fanfare_draining')).toBe(1);
  });

  test('no label carries a user, a client or a channel', async () => {
    const client = await world.connect({ sub: 'private-user' });
    await client.command('subscribe', { channel: 'room:private' });
    await client.command('publish', { channel: 'unknown:private', data: 1 });
    expect(await text()).not.toContain('private');
    expect(await text()).not.toContain(client.session.client);
  });

  test('a rule that is replaced goes on counting; one that is gone has no figures any more', async () => {
    const client = await world.connect();
    const publish = async () => client.command('publish', { channel: 'room:1', data: 1 });
    await publish();
    const replace = (channels: Record<string, ChannelDeclaration>) =>
      world.node.prepareChange({ channels, limits: {} })();
    replace({ 'room:{id}': channel({ subscribe: 'nobody', publish: 'anyone' }) });
    await publish();
    expect(await valuesOf('publications_in_total{rule="room:{id}"}')).toEqual({
      'publications_in_total{rule="room:{id}"}': 2,
    });
    replace({});
    expect(await text()).not.toContain('room:{id}');
  });
});
