/** What a run of `fanfare load` ends with: exit codes by thresholds, the report, and what it says of itself. */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FaultProxy } from '../../support/network/fault-proxy.js';
import { makeCertificate } from '../../support/programs/certificate.js';
import { freePort } from '../../support/programs/free-port.js';
import { fanfare as command, Folder } from '../fanfare-process.js';
import { runInProcess } from '../in-process.js';
import { loadableApp, loaded } from './loaded.js';

const brief = [
  '--ramp',
  '100ms',
  '--warm-up',
  '0',
  '--duration',
  '400ms',
  '--connections',
  '5',
  '--publish-rate',
  '50',
];

describe('thresholds', () => {
  test.each([
    ['met', ['--threshold', 'errors=0', '--threshold', 'delivery.p99<1m', '--threshold', 'deliveries.rate>1'], 0],
    ['of which one is missed', ['--threshold', 'errors=0', '--threshold', 'delivery.p50<0'], 1],
    ['on something that there is not', ['--threshold', 'reconnect.p99<1m'], 1],
  ])('%s decide the exit code', async (_, flags, expected) => {
    const { url } = await loadableApp();
    const { code, result } = await loaded(url, [...brief, ...flags]);
    expect(code).toBe(expected);
    expect(result.thresholds.every(({ met }) => met)).toBe(expected === 0);
  });
});

test('a pause of the server shows: latency counts from when a publication was due', async () => {
  const pauseMs = 500;
  let published = 0;
  const { port } = await loadableApp(() => {
    published += 1;
    if (published === 20) {
      proxy.setFaults({ blackHole: true });
      setTimeout(() => proxy.restore(), pauseMs);
    }
    return true;
  });
  await using proxy = await FaultProxy.start({ port });
  const { code, result } = await loaded(`http://127.0.0.1:${proxy.port}`, [
    ...['--ramp', '100ms', '--warm-up', '0', '--duration', '1500ms', '--connections', '10', '--publish-rate', '100'],
  ]);
  expect(code).toBe(0);
  // Nothing was left out while nothing was answered.
  expect(result.counts).toMatchObject({ published: 150, accepted: 150, deliveries: 1_500 });
  const at = (name: 'delivery' | 'publish', percentile: number) =>
    result.latency[name].curve.find((point) => point.percentile === percentile)?.ms ?? 0;
  // About fifty were due in the pause. One that waits for an answer before the next would have a single late one.
  for (const name of ['delivery', 'publish'] as const) {
    expect(at(name, 100)).toBeGreaterThan(0.9 * pauseMs);
    expect(at(name, 75)).toBeGreaterThan(0.1 * pauseMs);
  }
});

test('the CPU of the server is measured without what the first readings of its metrics cost', async () => {
  const { url } = await loadableApp();
  const readings = [...Array.from({ length: 10 }, () => 10), 15, 17];
  const metrics = createServer((_, response) => response.end(`process_cpu_seconds_total ${readings.shift()}\n`));
  metrics.listen(0, '127.0.0.1');
  await once(metrics, 'listening');
  onTestFinished(() => void metrics.close());
  const address = metrics.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const { result } = await loaded(url, [...brief, '--metrics', `http://127.0.0.1:${port}/metrics`]);
  expect(readings).toEqual([]);
  expect((result.serverCpu?.usPerDelivery ?? 0) * result.counts.deliveriesMeasured).toBeCloseTo(2e6);
});

test('a server that is not there ends it with 1 and the reason', async () => {
  using folder = new Folder();
  const url = `http://127.0.0.1:${await freePort()}`;
  const flags = ['--url', url, '--timeout', '300ms', '--json', 'result.json', ...brief];
  const { code, stderr } = await runInProcess(['load', ...flags], { folder });
  expect(code).toBe(1);
  expect(stderr).toContain(url);
  const result = JSON.parse(readFileSync(join(folder.path, 'result.json'), 'utf8'));
  expect(Object.keys(result.errors)).toEqual(['connect.ECONNREFUSED']);
});

test('a wrong scenario ends with 2 and names the key', async () => {
  using folder = new Folder({ 'chat.yaml': 'conections: 5\n' });
  const { code, stdout, stderr } = await runInProcess(['load', 'chat.yaml'], { folder });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  for (const word of ['chat.yaml', 'conections', 'connections']) expect(stderr).toContain(word);
});

test('two processes add up to one result, with a report that needs nothing else', async () => {
  const { url } = await loadableApp();
  using folder = new Folder({
    'chat.yaml': `url: ${url}\nconnections: 50\nchannels: { count: 5 }\nworkers: 2\nsource: [127.0.0.1, 127.0.0.2]\n`,
  });
  const flags = ['--ramp', '300ms', '--warm-up', '0', '--duration', '1s', '--publish-rate', '60'];
  const files = ['--json', 'result.json', '--html', 'report.html'];
  const { code, stdout, stderr } = await command(['load', 'chat.yaml', ...flags, ...files], { folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('600 of 600');
  const result = JSON.parse(readFileSync(join(folder.path, 'result.json'), 'utf8'));
  expect(result).toMatchObject({
    workers: 2,
    counts: { accepted: 60, deliveries: 600, duplicates: 0, misordered: 0 },
    lost: 0,
    latency: { delivery: { count: 600 } },
  });
  const report = readFileSync(join(folder.path, 'report.html'), 'utf8');
  expect(report).toContain('<svg');
  expect(report).not.toMatch(/NaN|undefined|Infinity|<script|src=|href=/);
});

test('three processes load over TLS, on all transports and from several addresses', async () => {
  using tls = makeCertificate();
  const { url } = await loadableApp(undefined, { tls });
  using folder = new Folder();
  const mix = ['websocket', 'http-stream', 'sse', 'long-polling'].flatMap((name) => [`--mix-${name}`, '1']);
  const size = ['--connections', '60', '--channels-count', '6', '--publish-rate', '60', '--workers', '3'];
  const times = ['--ramp', '300ms', '--warm-up', '0', '--duration', '1s'];
  // A storm cuts connections, which no process survived over TLS.
  const storm = ['--storm-at', '300ms', '--storm-share', '50%', '--recover'];
  const flags = [
    ...size,
    ...times,
    ...mix,
    ...storm,
    '--source',
    '127.0.0.1,127.0.0.2,127.0.0.3',
    '--json',
    'result.json',
  ];
  const env = { NODE_EXTRA_CA_CERTS: tls.certFile };
  const address = url.replace('http', 'ws').replace('localhost', '127.0.0.1');
  const { code, stderr } = await command(['load', '--url', address, ...flags], { folder, env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(readFileSync(join(folder.path, 'result.json'), 'utf8'))).toMatchObject({
    workers: 3,
    connections: { ready: 60 },
    counts: { cut: 30, accepted: 60, deliveries: 600, duplicates: 0, misordered: 0 },
    lost: 0,
    errors: {},
  });
});

test.each([
  ['10,000 connections', 'ten-thousand', 2],
  ['the arena', 'arena', 1],
  ['the live scores', 'live-scores', 1],
])('the scenario of %s is one, here with fewer', async (_, name, workers) => {
  const { url } = await loadableApp();
  using folder = new Folder();
  const scenario = fileURLToPath(new URL(`../../../deploy/load/${name}.yaml`, import.meta.url));
  const fewer = [
    '--connections',
    '100',
    '--channels-count',
    '100',
    '--ramp',
    '100ms',
    '--warm-up',
    '0',
    '--duration',
    '1s',
    '--publish-rate',
    '100',
  ];
  const flags = [...fewer, '--threshold', 'lost=0', '--threshold', 'errors=0', '--json', 'result.json'];
  const { code } = await command(['load', scenario, '--url', url, ...flags], { folder });
  expect(code).toBe(0);
  const result = JSON.parse(readFileSync(join(folder.path, 'result.json'), 'utf8'));
  expect(result).toMatchObject({ workers, counts: { accepted: 100, deliveries: 100 }, lost: 0 });
});
