/** One hook and its backend: decisions, failures, and who waits for whom. */

import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { countingRandom, FakeClock } from '../../../test/support/engine/fake-clock.js';
import { RecordedLog } from '../../../test/support/engine/recorded-log.js';
import { HookBackend } from '../../../test/support/servers/hook-backend.js';
import { JsonSource } from '../../model/json-source.js';
import { trustedJsonText } from '../../model/json-text.js';
import { Hook, type HookLimits, type HookOptions, type HookOutcome } from './hook.js';
import { StandIns } from './hook-headers.js';
import { signatureHeaders } from './signature.js';

const internal = { error: { code: 100, message: 'internal server error', temporary: true } };

let backend: HookBackend;
let clock: FakeClock;
let log: RecordedLog;

beforeEach(async () => {
  backend = await HookBackend.start();
  onTestFinished(() => backend[Symbol.asyncDispose]());
  clock = new FakeClock();
  log = new RecordedLog();
});

interface Choices {
  readonly options?: Partial<HookOptions>;
  readonly limits?: Partial<HookLimits>;
  readonly secrets?: readonly string[];
}

function make({ options, limits, secrets = [] }: Choices = {}): Hook {
  const hook = new Hook(
    'rpc',
    {
      url: new URL(`${backend.url}/rpc?key=in-the-query`),
      timeoutMs: 1_000,
      headers: [],
      emulatedHeaders: [],
      staticHeaders: {},
      includeMeta: false,
      ...options,
    },
    {
      clock,
      random: countingRandom(),
      log,
      limits: { maxInFlight: 64, maxWaiting: 256, breakerFailures: 3, maxResponseBytes: 1_024, ...limits },
      secrets,
      standIns: new StandIns([]),
    },
  );
  onTestFinished(() => hook.close());
  return hook;
}

const path = '/rpc?key=in-the-query';
const source = { headers: new Map([['cookie', 'sid=secret']]), remoteAddress: '192.0.2.1' };

function ask(hook: Hook, client?: string): Promise<HookOutcome<{ readonly result: unknown }>> {
  const body = { secret: 'in the payload' };
  return hook.call({
    body,
    source,
    repeatable: false,
    readResult: (result) => ({ ok: true, result }),
    ...(client && { client }),
  });
}

function failureOf(outcome: HookOutcome<{ readonly result: unknown }>): string | undefined {
  return 'failure' in outcome ? outcome.failure : undefined;
}

/** Whatever is told, no secret is in it. */
function said(): string[] {
  expect(JSON.stringify(log.lines)).not.toMatch(/secret|in-the-query/);
  return log.lines.map(({ level, fields }) => `${level} ${fields.reason ?? ''}${fields.status ?? ''}`.trim());
}

test('a decision is handed on', async () => {
  backend.on(path, () => ({ result: { data: 1 } }));
  const data = new JsonSource(trustedJsonText('1'), false);
  expect(await ask(make())).toEqual({ ok: true, result: { data } });
  backend.on(path, () => ({ error: { code: 400, message: 'no' } }));
  const hook = make();
  expect(await ask(hook)).toEqual({ ok: false, error: { code: 400, message: 'no', temporary: false } });
  expect([hook.calls, hook.failures.size]).toEqual([1, 0]);
  expect(said()).toEqual([]);
});

test('a call is signed over what is sent, at the time of the wall clock', async () => {
  backend.on(path, () => ({ result: {} }));
  await ask(make({ secrets: ['s'.repeat(32)], options: { headers: ['cookie'] } }));
  const [call] = backend.calls;
  const expected = signatureHeaders(call?.text ?? '', ['s'.repeat(32)], 1_700_000_000);
  expect(call?.headers).toMatchObject({
    'x-fanfare-timestamp': expected['X-Fanfare-Timestamp'],
    'x-fanfare-signature': expected['X-Fanfare-Signature'],
    cookie: 'sid=secret',
  });
});

describe('a backend that cannot answer', () => {
  test.each([408, 429, 502, 503, 504])('says so with status %d', async (status) => {
    backend.on(path, () => ({ status, text: '' }));
    const hook = make();
    const outcomes = [await ask(hook), await ask(hook), await ask(hook), await ask(hook)];
    expect(outcomes.map(failureOf)).toEqual(['status', 'status', 'status', 'open']);
    expect(outcomes[3]).toMatchObject(internal);
    expect(backend.calls).toHaveLength(3);
    expect(said()).toEqual([`warn status ${status}`]);
  });

  test('hangs: calls time out, those that wait behind them are sent away with them, the next fail at once', async () => {
    backend.on(path, () => 'hang');
    const hook = make({ limits: { maxInFlight: 3, maxWaiting: 1 } });
    const hung = [ask(hook), ask(hook), ask(hook)];
    const waiting = ask(hook);
    expect(failureOf(await ask(hook))).toBe('full');
    await backend.waitFor(path, 3);
    expect([hook.numInFlight, hook.numWaiting]).toEqual([3, 1]);
    await clock.advance(1_000);
    expect((await Promise.all(hung)).map(failureOf)).toEqual(['timeout', 'timeout', 'timeout']);
    expect(['late', 'shed']).toContain(failureOf(await waiting));
    expect(failureOf(await ask(hook))).toBe('open');
    expect([hook.numInFlight, hook.numWaiting, hook.isOpen, clock.numTimers]).toEqual([0, 0, true, 0]);
    expect(said()).toEqual(['warn timeout']);
  });

  test('is gone, and is asked again when it is back', async () => {
    backend.on(path, () => 'hang up');
    const hook = make();
    for (let i = 0; i < 3; i++) expect(failureOf(await ask(hook))).toBe('unreachable');
    expect(failureOf(await ask(hook))).toBe('open');
    backend.on(path, () => ({ result: {} }));
    await clock.advance(1_500);
    expect(await ask(hook)).toEqual({ ok: true, result: {} });
    expect(await ask(hook)).toEqual({ ok: true, result: {} });
    expect(hook.isOpen).toBe(false);
    expect(said()).toEqual(['warn unreachable', 'info']);
  });

  test('is probed by one call at a time, past those that hang', async () => {
    backend.on(path, () => 'hang');
    const hook = make({ options: { timeoutMs: 10_000 }, limits: { maxInFlight: 1, breakerFailures: 1 } });
    const first = ask(hook);
    await backend.waitFor(path, 1);
    await clock.advance(10_000);
    await first;
    await clock.advance(1_500);
    const probes = [ask(hook), ask(hook)];
    await backend.waitFor(path, 2);
    await clock.advance(1_500);
    backend.on(path, () => ({ result: {} }));
    expect((await ask(hook)).ok).toBe(true);
    expect(backend.calls).toHaveLength(3);
    expect(failureOf(await (probes[1] ?? first))).toBe('open');
  });
});

describe('a backend that answers, though not with a decision, is not taken for dead', () => {
  test.each([
    ['status', { status: 500, text: '' }],
    ['status', { status: 404, text: '{"result":{}}' }],
    ['status', { status: 302, text: '{"result":{}}' }],
    ['malformed', { status: 200, text: '<html>' }],
    ['malformed', { status: 200, text: '{}' }],
    ['too-large', { status: 200, text: ' '.repeat(1_025) }],
  ])('%s: %j', async (reason, answer) => {
    backend.on(path, () => answer);
    const hook = make({ limits: { breakerFailures: 1 } });
    const outcomes = [await ask(hook), await ask(hook)];
    expect(outcomes.map(failureOf)).toEqual([reason, reason]);
    expect(outcomes[0]).toMatchObject({ ok: false, ...internal });
    expect(hook.isOpen).toBe(false);
    expect(hook.failures.get(reason)).toBe(2);
  });

  test('and is told of once a minute', async () => {
    backend.on(path, () => ({ status: 500, text: '' }));
    const hook = make();
    for (let i = 0; i < 5; i++) await ask(hook);
    expect(said()).toEqual(['warn status500']);
    await clock.advance(60_000);
    await ask(hook);
    expect(said()).toHaveLength(2);
  });

  // Once, the first of them was the only one that anybody heard of.
  test('each way of being wrong has a line of its own', async () => {
    const texts = ['', '<html>', '"yes"', '{}', '{"result":1}', '{"error":{"code":"x"}}', '{"disconnect":{"code":1}}'];
    const wrong = [...texts, ' '.repeat(1_025)].map((text) => ({ status: 200, text }));
    wrong.push({ status: 500, text: '' }, { status: 404, text: '' });
    const hook = make();
    for (let round = 0; round < 3; round++) {
      for (const answer of wrong) {
        backend.on(path, () => answer);
        await ask(hook);
      }
    }
    expect(said()).toHaveLength(wrong.length);
  });
});

test('G12: a client that asks too much is told so, and the others are not', async () => {
  backend.on(path, () => 'hang');
  const hook = make({ limits: { maxInFlight: 8, maxWaiting: 0 } });
  const held = ask(hook, 'greedy');
  await backend.waitFor(path, 1);
  const refused = await ask(hook, 'greedy');
  expect(refused).toMatchObject({ failure: 'share', error: { code: 111 } });
  backend.on(path, () => ({ result: {} }));
  expect((await ask(hook, 'other')).ok).toBe(true);
  hook.close();
  expect(failureOf(await held)).toBe('unreachable');
});

test('latency is told of each call that went out', async () => {
  backend.on(path, () => 'hang');
  const hook = make({ limits: { breakerFailures: 1 } });
  const seconds: number[] = [];
  hook.onLatency = (value) => seconds.push(value);
  const call = ask(hook);
  await backend.waitFor(path, 1);
  await clock.advance(1_000);
  await call;
  await ask(hook);
  expect(seconds).toEqual([1]);
  expect([hook.calls, ...hook.failures]).toEqual([2, ['timeout', 1], ['open', 1]]);
});
