/** The options of hooks: what is understood, and what is refused at the start with its name. */

import { describe, expect, test } from 'vitest';
import { hookEndpoint } from '../../src/config/hook-endpoint.js';
import type { FanfareConfig } from '../../src/config/options.js';
import { loadFile } from './hooked-server.js';

type HooksConfig = NonNullable<FanfareConfig['hooks']>;

const url = 'http://127.0.0.1:3000';

async function values(hooks: HooksConfig, env: Readonly<Record<string, string>> = {}) {
  const outcome = await loadFile({ hooks }, env);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.config;
}

/** The options that are wrong. */
async function problems(hooks: object, more: object = {}): Promise<string[]> {
  // safe: what is no configuration is what is tested
  const outcome = await loadFile({ hooks, ...more } as FanfareConfig);
  return outcome.ok ? [] : outcome.problems.map(({ key }) => key);
}

describe('a hook', () => {
  test('is a URL, or a path behind hooks.url', async () => {
    const config = await values({ url: `${url}/fanfare/`, connect: '/connect?a=1', rpc: 'https://example.com/rpc' });
    expect(hookEndpoint(config.values, 'hooks.connect')?.url.href).toBe(`${url}/fanfare/connect?a=1`);
    expect(hookEndpoint(config.values, 'hooks.rpc')?.url.href).toBe('https://example.com/rpc');
    expect(hookEndpoint(config.values, 'hooks.publish')).toBeUndefined();
  });

  test('has what is set for all, where it says nothing else', async () => {
    const config = await values({
      timeout: '2s',
      headers: ['Cookie', 'cookie'],
      includeMeta: true,
      connect: url,
      rpc: { url, timeout: '500ms', headers: [], emulatedHeaders: ['Authorization'], includeMeta: false },
    });
    expect(hookEndpoint(config.values, 'hooks.connect')).toMatchObject({
      timeoutMs: 2_000,
      headers: ['cookie'],
      emulatedHeaders: [],
      includeMeta: true,
    });
    expect(hookEndpoint(config.values, 'hooks.rpc')).toMatchObject({
      timeoutMs: 500,
      headers: [],
      emulatedHeaders: ['authorization'],
      includeMeta: false,
    });
  });

  test('comes from the environment as a URL or as JSON', async () => {
    const config = await values(
      {},
      {
        FANFARE_HOOKS_CONNECT: url,
        FANFARE_HOOKS_RPC: `{"url":"${url}/rpc","timeout":"3s"}`,
        FANFARE_HOOKS_HEADERS: 'Cookie, Origin',
        FANFARE_HOOKS_STATIC_HEADERS: '{"X-Key":"k"}',
        FANFARE_HOOKS_EVENT_TYPES: 'join,leave',
      },
    );
    expect(hookEndpoint(config.values, 'hooks.connect')).toMatchObject({ headers: ['cookie', 'origin'] });
    expect(hookEndpoint(config.values, 'hooks.rpc')).toMatchObject({
      timeoutMs: 3_000,
      staticHeaders: { 'x-key': 'k' },
    });
    expect(config.values['hooks.eventTypes']).toEqual(['join', 'leave']);
  });
});

describe('B107: is refused, and named:', () => {
  test.each([
    ['hooks.connect → url', { connect: 'ftp://example.com' }],
    ['hooks.connect → url', { connect: 'grpc://example.com' }],
    ['hooks.connect → url', { connect: 'example.com' }],
    ['hooks.connect → url', { connect: 'http://user:password@example.com' }],
    ['hooks.connect → url', { connect: {} }],
    ['hooks.connect', { connect: 1 }],
    ['hooks.connect', { connect: '/connect' }],
    ['hooks.connect → timeout', { connect: { url, timeout: '11s' } }],
    ['hooks.connect → tiemout', { connect: { url, tiemout: '1s' } }],
    ['hooks.connect', { connect: { url, timeout: '5s' } }],
    ['hooks.timeout', { timeout: 0 }],
    ['hooks.url', { url: '/path' }],
    ['hooks.url', { url: `${url}?a=1` }],
    ['hooks.headers → 0', { headers: ['Host'] }],
    ['hooks.headers → 0', { headers: ['X-Fanfare-Signature'] }],
    ['hooks.headers → 0', { headers: ['two words'] }],
    ['hooks.emulatedHeaders → 0', { emulatedHeaders: ['X-Forwarded-For'] }],
    ['hooks.emulatedHeaders → 0', { emulatedHeaders: ['Content-Length'] }],
    ['hooks.staticHeaders → X-A', { staticHeaders: { 'X-A': 'a\r\nb: c' } }],
    ['hooks.connect', { connect: { url, headers: ['X-Key'], staticHeaders: { 'X-Key': 'k' } } }],
    ['hooks.rpc', { rpc: url, emulatedHeaders: ['X-Key'], staticHeaders: { 'x-key': 'k' } }],
    ['hooks.refresh', { refresh: url }],
    ['hooks.eventTypes → 0', { eventTypes: ['connect'] }],
    ['hooks.secret', { secret: 'short' }],
    ['hooks.maxInFlight', { maxInFlight: 0 }],
    ['hooks.breakerFailures', { breakerFailures: 0 }],
  ])('%s: %j', async (key, hooks) => expect(await problems(hooks)).toEqual([key]));

  test.each(['subscribe', 'publish'] as const)('a rule that asks a %s hook that is not there', async (action) => {
    const rules = { channels: { a: { [action]: 'hook' } } };
    expect(await problems({}, rules)).toEqual(['channels']);
    expect(await problems({ [action]: url }, rules)).toEqual([]);
  });
});

describe('is worth a warning:', () => {
  const far = 'https://backend.example.com';

  test.each([
    [/cannot tell/, { connect: far }],
    [/^hooks\.connect is http/, { connect: 'http://backend.example.com', secret: 'long-enough-0123456789-abcdefghij' }],
    [/^hooks\.publish is never asked/, { connect: url, publish: url }],
  ])('%s', async (expected, hooks) => {
    const { warnings } = await values(hooks);
    expect(warnings.filter((warning) => expected.test(warning))).toHaveLength(1);
  });

  test('anonymous beside a connect hook, which decides', async () => {
    const outcome = await loadFile({ anonymous: true, hooks: { connect: url } });
    expect(outcome.ok && outcome.config.warnings.filter((warning) => warning.startsWith('anonymous'))).toHaveLength(1);
  });

  test('a backend on this machine is not', async () => {
    const { warnings } = await values({ connect: url });
    expect(warnings.filter((warning) => warning.includes('hooks'))).toEqual([]);
  });
});
