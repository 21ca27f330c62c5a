/** `fanfare load` counts every delivery: over all transports, in bursts, from every kind of publisher, and over storms. */

import { describe, expect, test } from 'vitest';
import { loadableApp, loaded } from './loaded.js';

const brief = ['--ramp', '300ms', '--warm-up', '0', '--duration', '1s'];

test('200 connections over all transports get every publication once', async () => {
  const { url } = await loadableApp();
  const mix = ['websocket', 'http-stream', 'sse', 'long-polling'].flatMap((name) => [`--mix-${name}`, '1']);
  const { code, result } = await loaded(url, [
    ...brief,
    ...['--connections', '200', '--channels-count', '10', '--publish-rate', '100'],
    ...mix,
  ]);
  expect(code).toBe(0);
  // 100 publications, each to the 20 subscribers of its channel.
  expect(result).toMatchObject({
    connections: { wanted: 200, ready: 200 },
    counts: { published: 100, accepted: 100, deliveries: 2_000, duplicates: 0, misordered: 0, foreign: 0 },
    expected: 2_000,
    lost: 0,
    errors: {},
    latency: { delivery: { count: 2_000 }, publish: { count: 100 }, connect: { count: 200 }, reconnect: { count: 0 } },
  });
});

describe('publications', () => {
  test.each([
    ['in bursts, to several channels of each', ['--publish-burst', '10', '--channels-per-connection', '3']],
    ['from subscribers', ['--publish-from', 'subscribers']],
    ['of people who think', ['--publish-think-time', '200ms']],
    ['to channels of different popularity', ['--publish-popularity', 'zipf:1.5', '--channels-popularity', 'zipf']],
  ])('%s', async (_, flags) => {
    const { url } = await loadableApp();
    const rate = flags.includes('--publish-think-time') ? [] : ['--publish-rate', '100'];
    const common = ['--connections', '20', '--channels-count', '4', ...rate];
    const { code, result } = await loaded(url, [...brief, ...common, ...flags]);
    expect(code).toBe(0);
    expect(result).toMatchObject({ lost: 0, errors: {}, counts: { duplicates: 0, misordered: 0 } });
    expect(result.counts.accepted).toBe(result.counts.published);
    expect(result.counts.deliveries).toBe(result.expected);
    expect(result.counts.deliveries).toBeGreaterThanOrEqual(result.counts.accepted);
  });
});

test('all who are cut come back, and recover what they missed', async () => {
  const { url } = await loadableApp();
  const { code, result } = await loaded(url, [
    ...brief,
    ...['--connections', '100', '--publish-rate', '50', '--recover'],
    ...['--storm-at', '300ms', '--storm-within', '200ms'],
  ]);
  expect(code).toBe(0);
  expect(result).toMatchObject({
    counts: { cut: 100, subscribed: 200, accepted: 50, deliveries: 5_000, duplicates: 0 },
    lost: 0,
    latency: { reconnect: { count: 100 } },
  });
});

test('what is refused is an error with its code, and no loss', async () => {
  let number = 0;
  const { url } = await loadableApp(() => ++number % 2 === 0);
  const { code, result } = await loaded(url, [...brief, '--connections', '10', '--publish-rate', '40']);
  expect(code).toBe(0);
  expect(result).toMatchObject({
    errors: { 'publish.103': 20 },
    counts: { published: 40, accepted: 20, deliveries: 200 },
    lost: 0,
  });
});

test('slow readers do not hold up the others, and are no loss', async () => {
  const { url } = await loadableApp();
  const { result } = await loaded(url, [
    ...brief,
    ...['--connections', '40', '--publish-rate', '50', '--slow-share', '25%', '--slow-bytes-per-sec', '64'],
  ]);
  expect(result).toMatchObject({ lost: 0, counts: { accepted: 50, duplicates: 0 } });
  // The latency of 30 of 40.
  expect(result.latency.delivery.count).toBe(1_500);
});
