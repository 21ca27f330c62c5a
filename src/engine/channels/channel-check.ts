/** What `channel()` and `rpc()` are given, checked where it is written. */

import { expectFunction, expectKeys, expectWord, kindOf } from '../../model/expected.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { ChannelOptions, HistoryOptions } from './channel-options.js';
import type { RpcOptions } from './rpc-options.js';

const channelKeys: Record<keyof ChannelOptions, true> = {
  message: true,
  subscribe: true,
  renew: true,
  publish: true,
  history: true,
  recovery: true,
  presence: true,
  joinLeave: true,
  userLimited: true,
  maxMessageBytes: true,
  slow: true,
};
const historyKeys: Record<keyof HistoryOptions, true> = { size: true, ttl: true, read: true };
// biome-ignore lint/suspicious/noExplicitAny: only the keys matter
const rpcKeys: Record<keyof RpcOptions<any, any>, true> = { input: true, allow: true, run: true };

const who = ['nobody', 'anyone', 'user', 'subscriber'] as const;

/** @throws FanfareError `ERR_CONFIG`, naming the option */
export function checkChannelOptions(options: unknown): void {
  expectKeys('channel(options)', options, channelKeys);
  // safe: its keys are those of ChannelOptions; the values are looked at here
  const given = options as Readonly<Record<keyof ChannelOptions, unknown>>;
  expectSchema('channel(options) → message', given.message);
  expectWord('channel(options) → subscribe', given.subscribe, ['nobody', 'anyone', 'user', 'token']);
  expectWord('channel(options) → publish', given.publish, who);
  expectWord('channel(options) → presence', given.presence, [true, false, ...who]);
  expectWord('channel(options) → joinLeave', given.joinLeave, [true, false, 'push'], false);
  expectWord('channel(options) → userLimited', given.userLimited, [true, false], false);
  expectWord('channel(options) → recovery', given.recovery, ['stream', 'cache', 'off'], false);
  if (given.renew !== undefined) expectFunction('channel(options) → renew', given.renew);
  if (given.history === undefined) return;
  expectKeys('channel(options) → history', given.history, historyKeys);
  // safe: its keys are those of HistoryOptions
  expectWord('channel(options) → history → read', (given.history as { read?: unknown }).read, who);
}

/** @throws FanfareError `ERR_CONFIG`, naming the option */
export function checkRpcOptions(options: unknown): void {
  expectKeys('rpc(options)', options, rpcKeys);
  // safe: its keys are those of RpcOptions; the values are looked at here
  const { input, allow, run } = options as Readonly<Record<'input' | 'allow' | 'run', unknown>>;
  expectSchema('rpc(options) → input', input);
  expectWord('rpc(options) → allow', allow, ['anyone', 'user'], false);
  expectFunction('rpc(options) → run', run);
}

/** https://standardschema.dev: an object, or a function, with the property `~standard`. */
function expectSchema(what: string, schema: unknown): void {
  if (schema === undefined) return;
  const isObject = (typeof schema === 'object' && schema !== null) || typeof schema === 'function';
  if (isObject && '~standard' in schema) return;
  throw new FanfareError(
    'ERR_CONFIG',
    `${what} must be a Standard Schema, as z.object({ … }) of zod 3.24 or newer, valibot and arktype make them; got ${kindOf(schema)}`,
  );
}
