import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readScenario, type Scenario } from './scenario.js';
import type { FieldPath } from './scenario-fields.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fanfare-scenario-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(text: string, flags: Partial<Record<FieldPath, string>> = {}) {
  writeFileSync(join(folder, 'scenario.yaml'), text);
  // safe: fields with their texts
  return readScenario({
    folder,
    file: 'scenario.yaml',
    flags: new Map(Object.entries(flags) as [FieldPath, string][]),
  });
}

async function scenarioOf(text: string, flags: Partial<Record<FieldPath, string>> = {}): Promise<Scenario> {
  const outcome = await read(text, flags);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.scenario;
}

describe('a scenario', () => {
  test('has values of every kind, from the file', async () => {
    const scenario = await scenarioOf(`
connections: 10000
ramp: 10s
channels: { count: 50, popularity: "zipf:1.1" }
publish: { rate: 2k, size: 1KiB, arrivals: poisson }
mix: { websocket: 9, longPolling: 1 }
storm: { at: 5s, share: 20% }
source: [127.0.0.1, 127.0.0.2]
thresholds: { delivery.p99: "<200ms", errors: 0 }
`);
    expect(scenario).toMatchObject({
      connections: 10_000,
      ramp: 10_000,
      'channels.popularity': { kind: 'zipf', exponent: 1.1 },
      'publish.rate': 2_000,
      'publish.size': 1_024,
      'storm.share': 0.2,
      source: ['127.0.0.1', '127.0.0.2'],
      thresholds: { 'delivery.p99': '<200ms', errors: '0' },
      // Defaults
      'mix.sse': 0,
      'publish.from': 'publishers',
      duration: 30_000,
    });
  });

  test('flags win', async () => {
    const scenario = await scenarioOf('connections: 5\nduration: 9s', {
      connections: '7',
      'publish.rate': '0.5',
      source: '127.0.0.1,127.0.0.3',
      thresholds: 'delivery.p99<200ms,errors=0',
    });
    expect(scenario).toMatchObject({
      connections: 7,
      duration: 9_000,
      'publish.rate': 0.5,
      source: ['127.0.0.1', '127.0.0.3'],
      thresholds: { 'delivery.p99': '<200ms', errors: '0' },
    });
  });

  test('secrets come from files', async () => {
    writeFileSync(join(folder, 'token.key'), 'a secret of the server\n');
    expect(await scenarioOf('secretFile: token.key')).toMatchObject({ secret: 'a secret of the server' });
  });
});

describe('what is wrong is told with its code and key', () => {
  test.each([
    ['an unknown key', 'conections: 5', 'unknown', 'conections', 'connections'],
    ['an unknown key of a group', 'publish: { rat: 5 }', 'unknown', 'publish.rat', 'rate'],
    ['a key in the wrong place', 'rate: 5', 'unknown', 'rate', 'publish.rate'],
    ['a group that is a value', 'publish: 5', 'invalid', 'publish', 'object'],
    ['a file that is a list', '- 1', 'invalid', '', 'object'],
    ['a negative number', 'connections: -5', 'invalid', 'connections', '-5'],
    ['a duration without a unit', 'duration: 30', 'invalid', 'duration', '30s'.slice(2)],
    ['a publication without room for its mark', 'publish: { size: 10 }', 'invalid', 'publish.size', '56'],
    ['a share above one', 'slow: { share: 120% }', 'invalid', 'slow.share', 'above 1'],
    ['an unknown popularity', 'channels: { popularity: fat }', 'invalid', 'channels.popularity', 'zipf'],
    ['an unknown figure', 'thresholds: { delivry.p99: "<1s" }', 'invalid', 'thresholds', 'delivery.p99'],
    ['no YAML', 'a: [', 'unreadable', '', 'YAML'],
    ['an address that is none', 'url: "ftp://localhost"', 'conflict', 'url', 'ftp'],
    ['no transport', 'mix: { websocket: 0 }', 'conflict', 'mix.websocket', '0'],
    ['a rate and a think time', 'publish: { rate: 1, thinkTime: 1s }', 'conflict', 'publish.thinkTime', 'rate'],
    ['a storm after the end', 'duration: 1s\nstorm: { at: 2s }', 'conflict', 'storm.at', 'duration'],
    ['a token and a secret', 'token: a\nsecret: b', 'conflict', 'token', 'secret'],
    [
      'more channels of each than there are',
      'channels: { perConnection: 2 }',
      'conflict',
      'channels.perConnection',
      '1',
    ],
    ['a missing file', 'secretFile: nowhere', 'unreadable', 'secretFile', 'nowhere'],
  ])('%s', async (_, text, code, key, hint) => {
    const outcome = await read(text);
    expect(outcome).toMatchObject({ ok: false, problems: [{ code, key }] });
    expect(JSON.stringify(outcome)).toContain(hint);
  });

  test('all at once, flags by their names, and secrets not at all', async () => {
    const outcome = await read('conections: 5\nsecret: [hidden]', { duration: 'long' });
    expect(outcome.ok ? [] : outcome.problems.map(({ code, key, where }) => [code, key, where])).toEqual([
      ['unknown', 'conections', 'scenario.yaml'],
      ['invalid', 'secret', 'scenario.yaml'],
      ['invalid', 'duration', '--duration'],
    ]);
    expect(JSON.stringify(outcome)).not.toContain('hidden');
  });
});
