import { describe, expect, it } from 'vitest';
import { CallGate } from './call-gate.js';
import { ClientError } from './client-error.js';
import { systemPorts } from './client-ports.js';

/** A call that is answered when the test says so. */
function pending(): { readonly call: () => Promise<string>; answer(): void; fail(): void; wasMade(): boolean } {
  let [made, resolve, reject] = [false, (_: string) => {}, (_: Error) => {}];
  const promise = new Promise<string>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return {
    call: () => {
      made = true;
      return promise;
    },
    answer: () => resolve('answer'),
    fail: () => reject(new Error('refused')),
    wasMade: () => made,
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('lets calls through at once, with their results and errors', async () => {
  const gate = new CallGate(systemPorts.clock);
  const [one, other] = [pending(), pending()];
  const results = [gate.run(one.call), gate.run(other.call)];
  expect([one.wasMade(), other.wasMade()]).toEqual([true, true]);
  other.fail();
  one.answer();
  await expect(results[0]).resolves.toBe('answer');
  await expect(results[1]).rejects.toThrow('refused');
});

it('waits for those under way, failed or not, and holds back those that come meanwhile, in their order', async () => {
  const gate = new CallGate(systemPorts.clock);
  const [one, other] = [pending(), pending()];
  const order: string[] = [];
  void gate.run(one.call);
  const failing = gate.run(other.call);
  gate.whenQuiet(() => order.push('task'));
  const later = ['a', 'b'].map((name) => gate.run(async () => order.push(name)));
  one.answer();
  await turn();
  expect(order).toEqual([]);
  other.fail();
  await expect(failing).rejects.toThrow('refused');
  await Promise.all(later);
  expect(order).toEqual(['task', 'a', 'b']);
  await gate.run(async () => order.push('c'));
  expect(order.at(-1)).toBe('c');
});

it('is quiet when there is no call, and runs one task at a time', async () => {
  const gate = new CallGate(systemPorts.clock);
  const order: string[] = [];
  gate.whenQuiet(() => order.push('first'));
  gate.whenQuiet(() => order.push('second'));
  await turn();
  expect(order).toEqual(['first']);
  gate.whenQuiet(() => order.push('third'));
  await turn();
  expect(order).toEqual(['first', 'third']);
});

describe('shut', () => {
  const refusal = () => new ClientError('ERR_DISCONNECTED', 'sent away');

  it('ends what waits and refuses what comes, until it is opened', async () => {
    const gate = new CallGate(systemPorts.clock);
    const [one, other] = [pending(), pending()];
    const results = [gate.run(one.call), gate.waitFor(other.call)];
    gate.shut(refusal);
    for (const result of results) await expect(result).rejects.toMatchObject({ code: 'ERR_DISCONNECTED' });
    const late = pending();
    await expect(gate.run(late.call)).rejects.toMatchObject({ code: 'ERR_DISCONNECTED' });
    expect([late.wasMade(), gate.refusal?.message]).toEqual([false, 'sent away']);
    gate.open();
    const again = gate.run(late.call);
    late.answer();
    expect([await again, gate.refusal]).toEqual(['answer', undefined]);
  });

  it('leaves alone a call whose answer came just before', async () => {
    const gate = new CallGate(systemPorts.clock);
    const one = pending();
    const result = gate.run(one.call);
    one.answer();
    gate.shut(refusal);
    expect(await result).toBe('answer');
  });

  it('never makes a call that was held back and has been told that it failed', async () => {
    const gate = new CallGate(systemPorts.clock);
    const [one, held] = [pending(), pending()];
    void gate.run(one.call).catch(() => undefined);
    gate.whenQuiet(() => {});
    const result = gate.run(held.call);
    gate.shut(refusal);
    await expect(result).rejects.toMatchObject({ code: 'ERR_DISCONNECTED' });
    gate.open();
    one.answer();
    await turn();
    expect(held.wasMade()).toBe(false);
  });
});
