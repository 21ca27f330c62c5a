import { describe, expect, test } from 'vitest';
import { assignPublishers, assignSubscribers, isMine, publicationRate, workerCount } from './assignment.js';
import { readScenario, type Scenario } from './scenario.js';
import type { FieldPath } from './scenario-fields.js';

async function scenarioOf(flags: Partial<Record<FieldPath, string>>): Promise<Scenario> {
  // safe: fields with their texts
  const outcome = await readScenario({ folder: '.', flags: new Map(Object.entries(flags) as [FieldPath, string][]) });
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.scenario;
}

function tally<Key>(keys: readonly Key[]): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

describe('the connections of a load', () => {
  test('have transports by their weights, spread evenly', async () => {
    const scenario = await scenarioOf({
      connections: '1000',
      'mix.websocket': '8',
      'mix.sse': '1',
      'mix.longPolling': '1',
    });
    const all = assignSubscribers(scenario);
    const counts = tally(all.map(({ transport }) => transport));
    expect(counts.get('websocket')).toBeGreaterThan(795);
    expect(counts.get('sse')).toBeGreaterThan(95);
    expect(counts.get('longPolling')).toBeGreaterThan(95);
    expect(counts.has('httpStream')).toBe(false);
    // Also within any hundred of them.
    expect(all.slice(300, 400).filter(({ transport }) => transport === 'websocket').length).toBeGreaterThan(75);
  });

  test('fill uniform channels equally, and take users and sources in turn', async () => {
    const flags = { connections: '200', 'channels.count': '10', users: '4', source: '127.0.0.1,127.0.0.2' };
    const all = assignSubscribers(await scenarioOf(flags));
    expect(new Set(tally(all.flatMap(({ channels }) => channels)).values())).toEqual(new Set([20]));
    expect(new Set(tally(all.map(({ user }) => user)).values())).toEqual(new Set([50]));
    expect(all.slice(0, 3).map(({ source }) => source)).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.1']);
  });

  test('are divided among workers, each for one of them', async () => {
    const all = assignSubscribers(await scenarioOf({ connections: '101' }));
    const parts = [0, 1, 2].map((index) => all.filter((one) => isMine({ index, count: 3 }, one)));
    expect(parts.map(({ length }) => length)).toEqual([34, 34, 33]);
    expect(new Set(parts.flat().map(({ index }) => index)).size).toBe(101);
  });
});

test('people who think make the rate', async () => {
  expect(publicationRate(await scenarioOf({ connections: '600', 'publish.thinkTime': '1m' }))).toBe(10);
});

test('publishers follow the subscribers, one for each hundred a second', async () => {
  const publishers = assignPublishers(await scenarioOf({ connections: '5', 'publish.rate': '250' }));
  expect(publishers.map(({ index }) => index)).toEqual([5, 6, 7]);
  expect(assignPublishers(await scenarioOf({ 'publish.rate': '0' }))).toEqual([]);
  expect(assignPublishers(await scenarioOf({ 'publish.from': 'api' }))).toEqual([]);
});

test('there are no more workers than cores, unless they are asked for', async () => {
  expect(workerCount(await scenarioOf({ connections: '100' }), 8)).toBe(1);
  expect(workerCount(await scenarioOf({ connections: '12000' }), 8)).toBe(3);
  expect(workerCount(await scenarioOf({ connections: '1000000' }), 8)).toBe(8);
  expect(workerCount(await scenarioOf({ workers: '12' }), 2)).toBe(12);
});
