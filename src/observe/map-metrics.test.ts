/** What `/metrics` says of maps: of each rule what was asked for through this node, and what the broker in memory keeps. */

import { expect, onTestFinished, test } from 'vitest';
import { EngineNode } from '../../test/support/engine/node.js';
import { channel } from '../engine/channels/channel-options.js';
import { trustedJsonText } from '../model/json-text.js';
import { nodeMetrics } from './metrics.js';

test('sets, removals, conflicts, refusals, pages, keys, bytes and expirations are counted by rule', async () => {
  const node = await EngineNode.start({
    channels: {
      'map:{id}': channel({ subscribe: 'anyone', map: { size: 3 } }),
      'other:{id}': channel({ subscribe: 'anyone', map: {} }),
    },
  });
  const metrics = nodeMetrics(node.node.ports);
  onTestFinished(() => metrics.close());
  const change = (key: string, options: object = {}, removed = false) =>
    node.operations.changeMap('map:1', { key, data: trustedJsonText('12'), removed }, options);
  await change('a');
  await change('b', { ttlMs: 1_000 });
  await change('c');
  await change('c', {}, true);
  await change('nobody', {}, true);
  await change('a', { expected: { version: 9 } });
  await change('d');
  await change('e');
  await node.clock.advance(3_000);
  await node.operations.changeMap('other:1', { key: 'x', data: trustedJsonText('1'), removed: false }, {});
  const client = await node.connect();
  await client.command('subscribe', { channel: 'map:1', type: 1, phase: 2, limit: 1 });
  const text = (await metrics.render()).text.split('\n');
  const figure = (name: string, rule?: string) => {
    const start = `fanfare_${name}${rule === undefined ? '' : `{rule="${rule}"}`} `;
    return Number(text.find((line) => line.startsWith(start))?.slice(start.length));
  };
  const names = [
    'map_sets_total',
    'map_removals_total',
    'map_conflicts_total',
    'map_refusals_total',
    'map_pages_total',
  ];
  expect(names.map((name) => figure(name, 'map:{id}'))).toEqual([4, 1, 1, 1, 1]);
  expect(names.map((name) => figure(name, 'other:{id}'))).toEqual([1, 0, 0, 0, 0]);
  const kept = ['memory_map_keys', 'memory_map_keys_expired_total'];
  expect(kept.map((name) => figure(name, 'map:{id}'))).toEqual([2, 1]);
  expect(kept.map((name) => figure(name, 'other:{id}'))).toEqual([1, 0]);
  // Keys of one character, with their values.
  expect(figure('memory_map_bytes')).toBe(3 + 3 + 2);
});
