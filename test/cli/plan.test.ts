/** `fanfare plan`: for people, as JSON, and what it does not take. */

import { describe, expect, test } from 'vitest';
import { runInProcess } from './in-process.js';

const million = ['plan', '--connections', '1e6', '--rate', '2000', '--fanout', '100'];

test('tells people what a load needs', async () => {
  const { code, stdout, stderr } = await runInProcess(million);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const words = ['1,000,000 connections', '200,000 deliveries/s', 'Redis', 'machines', 'LimitNOFILE', 'connects/s'];
  for (const word of words) expect(stdout).toContain(word);
});

test('prints the same as JSON', async () => {
  const machine = ['--broker', 'redis', '--cores', '8', '--memory', '16GiB'];
  const { code, stdout } = await runInProcess([...million, ...machine, '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    load: { connections: 1e6, ratePerSec: 2_000, fanout: 100, payloadBytes: 128, history: false },
    machine: { cores: 8, memoryBytes: 16 * 2 ** 30 },
    capacity: {
      broker: 'redis',
      machines: expect.any(Number),
      total: { deliveriesPerSec: 200_000 },
      afterLoss: { reconnectSec: expect.any(Number) },
    },
    suggestions: expect.arrayContaining([expect.stringContaining('limits.connectsPerSec')]),
  });
});

test('tells what functions would cost', async () => {
  const small = ['plan', '--connections', '400', '--rate', '0.1', '--fanout', '5', '--on', 'lambda'];
  const { code, stdout } = await runInProcess(small);
  expect(code).toBe(0);
  for (const word of ['API Gateway', 'Lambda', 'DynamoDB', 'USD']) expect(stdout).toContain(word);
  const asJson = await runInProcess([...small, '--json']);
  expect(JSON.parse(asJson.stdout)).toMatchObject({
    load: { connections: 400 },
    functions: { sumUsd: expect.any(Number) },
  });
});

test('a load that nothing carries ends with 1 and the reason', async () => {
  const { code, stdout, stderr } = await runInProcess(['plan', '--connections', '1e6', '--broker', 'memory']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('cannot be carried');
});

describe('what it does not understand ends with 2 and names the flag', () => {
  test.each([
    [['plan'], '--connections'],
    [['plan', '--connections', 'many'], '--connections'],
    [['plan', '--connections', '0'], '--connections'],
    [['plan', '--connections', '1.5'], '--connections'],
    [['plan', '--connections=-5'], '--connections'],
    [['plan', '--connections', '1e6', '--rate', '10'], '--fanout'],
    [['plan', '--connections', '1e6', '--fanout', '10'], '--rate'],
    [['plan', '--connections', '10', '--rate', '1', '--fanout', '11'], '--fanout'],
    [['plan', '--connections', '10', '--rate', '1e99', '--fanout', '1'], '--rate'],
    [['plan', '--connections', '10', '--payload', '1MiB'], '--payload'],
    [['plan', '--connections', '10', '--broker', 'kafka'], '--broker'],
    [['plan', '--connections', '10', '--cores', '0'], '--cores'],
    [['plan', '--connections', '10', '--cores', '2.5'], '--cores'],
    [['plan', '--connections', '10', '--memory', '1MiB'], '--memory'],
    [['plan', '--connections', '10', '--on', 'azure'], '--on'],
    [['plan', '--connections', '10', '--conections', '10'], '--connections'],
  ])('%j', async (args, flag) => {
    const { code, stdout, stderr } = await runInProcess(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(flag);
  });
});
