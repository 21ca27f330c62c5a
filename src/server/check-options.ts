/** Checks the options of `fanfare()`; errors name the option and what was probably meant. */

import type { PersonalOptions } from '../engine/channels/personal-channel.js';
import { defaultLimits } from '../engine/ports/limits.js';
import type { Observer } from '../engine/ports/observer.js';
import { expectFunction, expectKeys, expectWord, kindOf } from '../model/expected.js';
import { FanfareError } from '../model/fanfare-error.js';
import { maxStreamBodyBytes } from '../model/stream-body.js';
import type { DurableStreamsOptions } from '../transports/durable-streams/options.js';
import type { OneWayPaths, TransportPaths } from './client-transports.js';
import { type AttachOptions, checkDeflate, checkMaxConnection } from './deflate-options.js';
import type { FanfareOptions } from './options.js';
import type { AnyHttpServer } from './own-server.js';
import type { ListenOptions } from './serving.js';

const optionKeys: Record<keyof FanfareOptions, true> = {
  auth: true,
  anonymous: true,
  personal: true,
  channels: true,
  rpc: true,
  onMessage: true,
  on: true,
  broker: true,
  origins: true,
  trustProxies: true,
  proxyHeader: true,
  path: true,
  transports: true,
  durableStreams: true,
  limits: true,
  log: true,
  tracing: true,
};
const transportKeys: Record<keyof TransportPaths, true> = {
  httpStream: true,
  sse: true,
  emulation: true,
  oneWay: true,
  longPolling: true,
};
const oneWayKeys: Record<keyof OneWayPaths, true> = { sse: true, stream: true, websocket: true };
const personalKeys: Record<keyof PersonalOptions, true> = { channel: true, singleConnection: true };
const durableStreamsKeys: Record<keyof DurableStreamsOptions, true> = {
  path: true,
  readOnly: true,
  keys: true,
  writersMayDelete: true,
  maxBodyBytes: true,
};
const observerKeys: Record<keyof Observer, true> = {
  connected: true,
  disconnected: true,
  subscribed: true,
  unsubscribed: true,
  occupied: true,
  vacated: true,
  cancelled: true,
};
const attachKeys: Record<keyof AttachOptions, true> = { deflate: true, maxConnectionMs: true };
const listenKeys: Record<keyof ListenOptions, true> = {
  ...attachKeys,
  host: true,
  clients: true,
  metrics: true,
  api: true,
  console: true,
  endpoints: true,
  tls: true,
  proxyProtocol: true,
};

/** @throws FanfareError `ERR_CONFIG` */
export function checkOptions(options: unknown): void {
  expectKeys('fanfare(options)', options, optionKeys);
  // safe: its keys are those of FanfareOptions; the values are checked here
  const given = options as Readonly<Record<keyof FanfareOptions, unknown>>;
  expectDeclared('channels', given.channels, 'channel({ … })');
  expectDeclared('rpc', given.rpc, 'rpc({ … })');
  if (given.limits !== undefined) expectKeys('limits', given.limits, defaultLimits);
  expectPath('path', given.path);
  if (given.transports !== undefined) {
    expectKeys('transports', given.transports, transportKeys);
    // safe: checked just now
    const { oneWay, ...paths } = given.transports as Readonly<Record<string, unknown>>;
    for (const [name, path] of Object.entries(paths)) {
      if (typeof path !== 'boolean' || name === 'emulation') expectPath(`transports → ${name}`, path);
    }
    if (oneWay !== undefined && typeof oneWay !== 'boolean') {
      expectKeys('transports → oneWay', oneWay, oneWayKeys);
      for (const [name, path] of Object.entries(oneWay as object)) expectPath(`transports → oneWay → ${name}`, path);
    }
  }
  if (given.durableStreams !== undefined) expectDurableStreams(given.durableStreams);
  if (given.on !== undefined) {
    expectKeys('on', given.on, observerKeys);
    for (const [name, call] of Object.entries(given.on as object)) expectFunction(`on → ${name}`, call);
  }
  if (given.onMessage !== undefined) expectFunction('onMessage', given.onMessage);
  if (given.broker !== undefined && typeof given.broker !== 'function') {
    throw fault(`broker must be made by memory(), redis(), nats() or rabbitmq(), got ${kindOf(given.broker)}`);
  }
  expectAuth(given.auth);
  expectPersonal(given.personal);
  if (given.origins !== '*') expectTexts('origins', given.origins, ' or "*"');
  expectTexts('trustProxies', given.trustProxies);
  if (given.log !== undefined) expectLogger(given.log);
  expectWord('tracing', given.tracing, [true, false], false);
}

/** @throws FanfareError `ERR_CONFIG` for anything but an HTTP server, such as an Express application */
export function checkServer(server: unknown): asserts server is AnyHttpServer {
  const isServer =
    typeof server === 'object' && server !== null && 'on' in server && 'listeners' in server && 'listen' in server;
  if (isServer) return;
  throw fault(
    `attach(server) needs an HTTP server, got ${kindOf(server)}: const server = http.createServer(application), app.attach(server), server.listen(port). Fastify has it as fastify.server; Hono's serve() returns it`,
  );
}

/** @throws FanfareError `ERR_CONFIG` */
export function checkListen(port: unknown, options: unknown): void {
  if (!Number.isInteger(port) || Number(port) < 0 || Number(port) > 65_535) {
    throw fault(`listen(port) needs a whole number from 0 to 65535, got ${kindOf(port)}`);
  }
  expectKeys('listen(port, options)', options, listenKeys);
  // safe: its keys are those of ListenOptions; the values are checked there
  const { deflate, maxConnectionMs } = options as Readonly<Record<keyof ListenOptions, unknown>>;
  checkDeflate(deflate);
  checkMaxConnection(maxConnectionMs);
}

/** @throws FanfareError `ERR_CONFIG` */
export function checkAttach(options: unknown): void {
  expectKeys('attach(server, options)', options, attachKeys);
  // safe: its keys are those of AttachOptions; the values are checked there
  const { deflate, maxConnectionMs } = options as Readonly<Record<keyof AttachOptions, unknown>>;
  checkDeflate(deflate);
  checkMaxConnection(maxConnectionMs);
}

function expectPath(what: string, path: unknown): void {
  if (path === undefined || (typeof path === 'string' && path.startsWith('/'))) return;
  throw fault(`${what} must be a path that begins with /, got ${typeof path === 'string' ? path : kindOf(path)}`);
}

function expectDurableStreams(options: unknown): void {
  expectKeys('durableStreams', options, durableStreamsKeys);
  // safe: its keys are those of DurableStreamsOptions; the values are checked here
  const given = options as Readonly<Record<keyof DurableStreamsOptions, unknown>>;
  const { path, readOnly, keys, writersMayDelete, maxBodyBytes } = given;
  if (typeof path !== 'string' || !/^\/[\w.~-]+(?:\/[\w.~-]+)*$/.test(path)) {
    throw fault(`durableStreams → path must be a path like "/streams", got ${kindOf(path)}`);
  }
  expectWord('durableStreams → readOnly', readOnly, [true, false], false);
  expectWord('durableStreams → writersMayDelete', writersMayDelete, [true, false], false);
  if (typeof keys !== 'function') expectTexts('durableStreams → keys', keys, ' or a function');
  if (maxBodyBytes === undefined) return;
  if (
    !Number.isSafeInteger(maxBodyBytes) ||
    Number(maxBodyBytes) < 1_024 ||
    Number(maxBodyBytes) > maxStreamBodyBytes
  ) {
    const range = `from 1024 to ${maxStreamBodyBytes}`;
    throw fault(`durableStreams → maxBodyBytes must be a whole number ${range}, got ${kindOf(maxBodyBytes)}`);
  }
}

function expectDeclared(what: string, declarations: unknown, how: string): void {
  if (declarations === undefined) return;
  expectKeys(what, declarations, (declarations ?? {}) as Record<string, unknown>);
  for (const [name, declaration] of Object.entries(declarations as object)) {
    const isDeclared = typeof declaration === 'object' && declaration !== null && 'options' in declaration;
    if (!isDeclared) throw fault(`${what} → ${name} must be made by ${how}, got ${kindOf(declaration)}`);
  }
}

function expectAuth(auth: unknown): void {
  if (auth === undefined || typeof auth === 'function') return;
  if (typeof auth === 'object' && auth !== null && 'connect' in auth) return;
  throw fault(`auth must be jwt({ secret }) or a function, got ${kindOf(auth)}`);
}

function expectPersonal(personal: unknown): void {
  if (personal === undefined) return;
  expectKeys('personal', personal, personalKeys);
  // safe: its keys are those of PersonalOptions; the values are checked here
  const { channel, singleConnection } = personal as Readonly<Record<keyof PersonalOptions, unknown>>;
  if (channel !== undefined && typeof channel !== 'string') {
    throw fault(`personal → channel must be a text like "personal:#{user}", got ${kindOf(channel)}`);
  }
  expectWord('personal → singleConnection', singleConnection, [true, false], false);
}

function expectTexts(what: string, value: unknown, alternative = ''): void {
  if (value === undefined) return;
  if (Array.isArray(value) && value.every((text) => typeof text === 'string')) return;
  throw fault(`${what} must be an array of texts${alternative}, got ${kindOf(value)}`);
}

function expectLogger(log: unknown): void {
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    const isThere = typeof log === 'object' && log !== null && typeof Reflect.get(log, level) === 'function';
    if (!isThere)
      throw fault(`log must have the method ${level}(fields, message), as a pino logger has; got ${kindOf(log)}`);
  }
}

function fault(message: string): FanfareError {
  return new FanfareError('ERR_CONFIG', message);
}
