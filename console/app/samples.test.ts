import { describe, expect, it } from 'vitest';
import type { NodeFields } from './api-results.js';
import { errorsOf, maxSamples, sampleOf, withSample } from './samples.js';

const quiet: NodeFields = {
  uid: 'a',
  version: '1',
  uptime: 1,
  num_clients: 0,
  num_users: 0,
  num_subs: 0,
  num_channels: 0,
  connections: 0,
  queue_bytes: 0,
  draining: false,
  broker: 'memory',
  broker_delivering: true,
  broker_keeping: true,
  commands: 0,
  publications_in: 0,
  publications_out: 0,
  received_bytes: 0,
  sent_bytes: 0,
  recoveries: 0,
  recoveries_failed: 0,
  errors: {},
  disconnects: {},
};

describe('sampleOf', () => {
  it('adds up the nodes, and takes the latest loop', () => {
    const process = { pid: 1, host: 'h', rss_bytes: 1 };
    const nodes = [
      { ...quiet, connections: 3, queue_bytes: 10, process: { ...process, lag_ms: 2 } },
      { ...quiet, uid: 'b', connections: 4, process: { ...process, lag_ms: 7 } },
    ];
    expect(sampleOf(nodes, 2_000, undefined)).toMatchObject({ at: 2, connections: 7, queueBytes: 10, lagMs: 7 });
  });

  it('makes rates of what has been counted between two answers', () => {
    const before = { nodes: [{ ...quiet, publications_out: 100, errors: { 103: 1 } }], atMs: 1_000 };
    const after = [{ ...quiet, publications_out: 300, publications_in: 10, errors: { 103: 5, 111: 2 } }];
    expect(sampleOf(after, 3_000, before)).toMatchObject({
      deliveriesPerSec: 100,
      publicationsPerSec: 5,
      errorsPerSec: 3,
      errors: { 103: 4, 111: 2 },
    });
  });

  it('does not take a node that has just come, or has started again, for a burst', () => {
    const before = { nodes: [{ ...quiet, publications_out: 500 }], atMs: 0 };
    const after = [
      { ...quiet, publications_out: 5 },
      { ...quiet, uid: 'new', publications_out: 1_000_000 },
    ];
    expect(sampleOf(after, 1_000, before).deliveriesPerSec).toBe(0);
  });
});

it('withSample keeps the newest', () => {
  let samples: ReturnType<typeof withSample> = [];
  for (let n = 0; n < maxSamples + 5; n++) samples = withSample(samples, sampleOf([], n * 1_000, undefined));
  expect(samples).toHaveLength(maxSamples);
  expect(samples.at(-1)?.at).toBe(maxSamples + 4);
});

it('errorsOf tells the most frequent code first', () => {
  const sample = sampleOf([], 0, undefined);
  const samples = [
    { ...sample, errors: { 103: 1, 111: 4 } },
    { ...sample, errors: { 103: 1 } },
  ];
  expect(errorsOf(samples)).toEqual([
    ['111', 4],
    ['103', 2],
  ]);
});
