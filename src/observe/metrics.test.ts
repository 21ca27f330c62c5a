/** What `/metrics` says of a node. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { FakeClock } from '../../test/support/engine/fake-clock.js';
import { EngineNode } from '../../test/support/engine/node.js';
import { RecordedConnection } from '../../test/support/engine/recorded-connection.js';
import { channel } from '../engine/channels/channel-options.js';
import type { Node } from '../engine/node.js';
import { type Metrics, nodeMetrics } from './metrics.js';

let clock: FakeClock;
let node: Node;
let metrics: Metrics;

beforeEach(async () => {
  const channels = { 'room:{id}': channel({ subscribe: 'anyone', publish: 'anyone' }) };
  ({ clock, node } = await EngineNode.start({ channels }));
  metrics = nodeMetrics(node.ports);
  return () => metrics.close();
});

/** Values by name and labels, as they stand in the text. */
async function scrape(): Promise<Map<string, number>> {
  const lines = (await metrics.render()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

async function connect(...commands: object[]) {
  const connection = new RecordedConnection();
  const session = node.ports.open(connection, { headers: new Map(), url: '/', remoteAddress: '192.0.2.1' });
  for (const command of [{ connect: {}, id: 1 }, ...commands]) {
    session.receive(JSON.stringify(command));
    await clock.settle();
  }
  return { connection, session };
}

describe('the exposition', () => {
  test('every metric has a help text and a type, and no name is there twice', async () => {
    const lines = (await metrics.render()).split('\n');
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

  test('is in the text format of Prometheus', () => expect(metrics.contentType).toContain('text/plain'));

  test('has the metrics of the process and of the event loop too', async () => {
    const values = await scrape();
    expect(values.get('process_resident_memory_bytes')).toBeGreaterThan(0);
    for (const quantile of ['0.5', '0.99', '1']) {
      expect(values.get(`fanfare_event_loop_lag_seconds{quantile="${quantile}"}`)).toBeGreaterThanOrEqual(0);
    }
  });

  test('counters have names that end in _total, gauges have not', async () => {
    const lines = (await metrics.render()).split('\n').filter((line) => line.startsWith('# TYPE fanfare_'));
    expect(lines.length).toBeGreaterThan(15);
    for (const line of lines) expect(line.endsWith(' counter')).toBe(line.includes('_total '));
  });
});

describe('values', () => {
  test('follow what the node does', async () => {
    const { connection } = await connect(
      { subscribe: { channel: 'room:1' }, id: 2 },
      { publish: { channel: 'room:1', data: 1 }, id: 3 },
    );
    await connect({ subscribe: { channel: 'room:1' }, id: 2 });
    connection.bufferedBytes = 77;
    const values = await scrape();
    const of = (name: string) => values.get(`fanfare_${name}`);
    const gauges = {
      connections: 2,
      clients: 2,
      users: 1,
      channels: 1,
      subscriptions: 2,
      queue_bytes: 77,
      draining: 0,
    };
    for (const [name, value] of Object.entries(gauges)) expect([name, of(name)]).toEqual([name, value]);
    const counters = { connections_opened: 2, commands: 5, publications_in: 1, publications_out: 1, frames_in: 5 };
    for (const [name, value] of Object.entries(counters)) expect([name, of(`${name}_total`)]).toEqual([name, value]);
    expect(of('transport_connections{transport="recorded"}')).toBe(2);
    expect(of('frames_out_total')).toBe(node.ports.counters.framesOut);
    expect(of('sent_bytes_total')).toBe(node.ports.counters.bytesOut);
    expect(of('received_bytes_total')).toBe(node.ports.counters.bytesIn);
    expect(node.ports.counters.bytesIn).toBeGreaterThan(100);
  });

  test('errors, disconnects and unsubscribes are counted by their codes', async () => {
    await connect(
      { subscribe: { channel: 'unknown' }, id: 2 },
      { rpc: { method: 'm' }, id: 3 },
      { rpc: { method: 'm' }, id: 4 },
    );
    const { connection } = await connect();
    const { session } = await connect({ subscribe: { channel: 'room:1' }, id: 2 });
    session.receive('garbage');
    await clock.settle();
    expect(connection.closedWith).toBeUndefined();
    const values = await scrape();
    expect(values.get('fanfare_errors_total{code="102"}')).toBe(1);
    expect(values.get('fanfare_errors_total{code="108"}')).toBe(2);
    expect(values.get('fanfare_disconnects_total{code="3501"}')).toBe(1);
    expect(values.get('fanfare_connections')).toBe(2);
  });

  test('counters stay the same when nothing happens between two scrapes', async () => {
    await connect();
    const pick = (values: Map<string, number>) => [...values].filter(([name]) => /^fanfare_.*_total/.test(name));
    expect(pick(await scrape())).toEqual(pick(await scrape()));
  });

  test('a draining node says so', async () => {
    node.ports.admission.drain();
    expect((await scrape()).get('fanfare_draining')).toBe(1);
  });

  test('no label carries a user, a client or a channel', async () => {
    await connect({ subscribe: { channel: 'room:private' }, id: 2 });
    expect(await metrics.render()).not.toContain('private');
  });
});
