/** Options that contradict each other, and warnings. */

import { brokerNameOf } from './broker-kinds.js';
import { findChannelWarnings } from './channel-warnings.js';
import type { Config } from './config.js';
import { findHookConflicts, findHookWarnings } from './hook-conflicts.js';
import { findLimitConflicts, findLimitWarnings } from './limit-conflicts.js';
import { isLoopback } from './loopback.js';
import type { OptionPath } from './options.js';
import { findPersonalConflicts, findPersonalWarnings } from './personal-conflicts.js';
import type { ConfigProblem } from './problem.js';
import { findUnusedOptions } from './unused-options.js';

export function findConflicts(config: Config): ConfigProblem[] {
  const { values, sources, mode } = config;
  const problems: ConfigProblem[] = [
    ...findHookConflicts(config),
    ...findLimitConflicts(config),
    ...findPersonalConflicts(config),
  ];
  const problem = (key: OptionPath, message: string) => problems.push({ key, where: sources[key], message });
  if (mode === 'development' && values.workers > 1) {
    problem('workers', 'is more than 1: development mode is one process; use "fanfare serve"');
  }
  const delayMs = values['shutdown.delay'];
  if (delayMs > 0 && delayMs > values['shutdown.deadline'] / 2) {
    problem('shutdown.delay', 'is more than half of shutdown.deadline, of which it is a part');
  }
  const internalPort = values['internal.port'];
  if (internalPort !== undefined && internalPort !== 0 && internalPort === values.port) {
    problem('internal.port', 'is the public port');
  }
  if (values.proxyProtocol && values.trustProxies.length === 0) {
    problem('proxyProtocol', 'needs trustProxies, the addresses of the proxies: nobody else may connect then');
  }
  if (values.origins === '*' && values['hooks.headers'].some((name) => /^cookie$/i.test(name))) {
    problem('origins', 'is "*" and hooks.headers has Cookie: pages of every web site could act as their visitors');
  }
  if (values['api.internalOnly'] && internalPort === undefined) {
    problem('api.internalOnly', 'needs internal.port: there is no internal listener');
  }
  if (values['api.insecure']) findOpenApi(config, problem);
  const isWritten = values['durableStreams.path'] !== undefined && !values['durableStreams.readOnly'];
  if (isWritten && brokerNameOf(values.broker) === 'rabbitmq') {
    problem(
      'durableStreams.readOnly',
      'has to be on with RabbitMQ, which keeps no maps: they hold the state of streams that are written',
    );
  }
  if (mode === 'development' && !isLoopback(values.host)) {
    const isOfThisRun = values['token.secretFile'] === undefined && sources['token.secret'] === 'development mode';
    if (config.secrets.length === 0 || isOfThisRun) {
      problem(
        'host',
        `is ${values.host}: development mode listens on other than loopback addresses with token.secret only`,
      );
    }
    if (values.anonymous) {
      problem(
        'anonymous',
        `lets everybody in: in development mode not with the host ${values.host}; use "fanfare serve"`,
      );
    }
  }
  return problems;
}

/** Messages that rules allow and the HTTP API's body limit does not. */
function findApiWarnings({ values, apiKeys }: Config): string[] {
  if (apiKeys.length === 0 && !values['api.insecure']) return [];
  const most = Math.max(
    values['limits.maxMessageBytes'],
    ...Object.values(values.channels).map(({ maxMessageBytes = 0 }) => maxMessageBytes),
  );
  if (values['api.maxBodyBytes'] > most) return [];
  return [
    `api.maxBodyBytes is not larger than the largest message (${most} bytes), which cannot be published by the API`,
  ];
}

/** A console that everybody can reach who can reach the server. */
function findConsoleWarnings({ values, consolePasswords, mode }: Config): string[] {
  const isPublic = consolePasswords.length > 0 && values['internal.port'] === undefined && !isLoopback(values.host);
  if (!isPublic || mode === 'development') return [];
  return ['console.password is set without internal.port: the console is on the public port, where everybody can try'];
}

/** A limit per address without a trusted proxy: behind a proxy all clients would have one address. */
function findAddressWarnings({ values, mode }: Config): string[] {
  const perAddress = values['limits.maxConnectionsPerAddress'];
  if (perAddress === 0 || mode === 'development' || !isLoopback(values.host) || values.trustProxies.length > 0)
    return [];
  return [
    `limits.maxConnectionsPerAddress is ${perAddress}, and host is ${values.host}: whoever comes by a proxy of this machine has its address; set trustProxies`,
  ];
}

/** Problems of an HTTP API without keys. */
function findOpenApi({ values, apiKeys }: Config, problem: (key: OptionPath, message: string) => void): void {
  if (apiKeys.length > 0) problem('api.insecure', 'and keys of the API are both set');
  const hosts = [
    ...(values['api.internalOnly'] ? [] : [values.host]),
    ...(values['internal.port'] === undefined ? [] : [values['internal.host']]),
  ];
  const open = hosts.find((host) => !isLoopback(host));
  if (open !== undefined) problem('api.insecure', `not on ${open}, which others than this machine can reach`);
}

export function findWarnings(config: Config): string[] {
  const { values, mode, secrets } = config;
  const takesTokens = secrets.length + values['token.keys'].length + values['token.jwks'].length > 0;
  const warnings: string[] = [
    ...findChannelWarnings(config, takesTokens),
    ...findHookWarnings(config),
    ...findLimitWarnings(config),
    ...findPersonalWarnings(config),
    ...findUnusedOptions(config),
    ...findApiWarnings(config),
    ...findAddressWarnings(config),
    ...findConsoleWarnings(config),
  ];
  if (!takesTokens && !values.anonymous && values['hooks.connect'] === undefined) {
    warnings.push(
      'nobody gets in: there is neither token.secret, token.keys or token.jwks nor anonymous nor hooks.connect',
    );
  }
  if (Object.keys(values.channels).length === 0) warnings.push('there are no channels: set channels');
  const keepsHistory = Object.values(values.channels).some(
    ({ history, map }) => history !== undefined && map === undefined,
  );
  if (values['durableStreams.path'] !== undefined && !keepsHistory) {
    warnings.push('durableStreams.path is set, and no rule of channels has a history: there are no streams');
  }
  if (values['api.insecure']) warnings.push('api.insecure is on: every program on this machine may do everything');
  if (values['limits.pingInterval'] === 0) warnings.push('limits.pingInterval is 0: dead connections are not noticed');
  // Development mode already says what is open.
  if (mode === 'development') return warnings;
  if (values.origins === '*') warnings.push('origins is "*": pages of every web site may connect');
  if (Array.isArray(values.origins) && values.origins.includes('null')) {
    warnings.push('origins has "null": pages from files and sandboxed frames, of whatever site, may connect');
  }
  if (values.anonymous) {
    const open = Object.entries(values.channels).filter(([, rule]) => rule.publish === 'anyone');
    for (const [pattern] of open) warnings.push(`${pattern}: whoever can reach the server may publish without a token`);
  }
  if (values.metrics && !isLoopback(values.host)) {
    warnings.push('metrics is on: whoever can reach the server can read /metrics; prefer internal.port');
  }
  return warnings;
}
