/** Options of hooks that contradict each other, and warnings. */

import type { Config } from './config.js';
import { type HookEndpoint, hookEndpoint, hookPaths } from './hook-endpoint.js';
import { isLoopback } from './loopback.js';
import type { OptionPath } from './options.js';
import type { ConfigProblem } from './problem.js';

/** How long the official SDKs wait for a reply by default. */
const clientPatienceMs = 5_000;
/** Actions about which a rule can have a hook asked. */
const asked = ['subscribe', 'publish'] as const;

export function findHookConflicts({ values, sources }: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const problem = (key: OptionPath, message: string) => problems.push({ key, where: sources[key], message });
  for (const path of hookPaths) {
    const fault = endpointFault(values[path] !== undefined, hookEndpoint(values, path));
    if (fault !== undefined) problem(path, fault);
  }
  if (values['hooks.refresh'] !== undefined && values['hooks.connect'] === undefined) {
    problem('hooks.refresh', 'is asked about clients of hooks.connect, which is not set');
  }
  const connect = hookEndpoint(values, 'hooks.connect');
  if (connect !== undefined && connect.timeoutMs * 2 >= values['limits.connectTimeout']) {
    problem('hooks.connect', 'may take twice its timeout, which must be less than limits.connectTimeout');
  }
  const rules = Object.entries(values.channels);
  for (const action of asked) {
    const path = `hooks.${action}` as const;
    const asking = rules.find(([, rule]) => rule[action] === 'hook');
    if (asking !== undefined && values[path] === undefined) {
      problem('channels', `${asking[0]} → ${action} is "hook", and ${path} is not set`);
    }
  }
  return problems;
}

function endpointFault(isSet: boolean, endpoint: HookEndpoint | undefined): string | undefined {
  if (endpoint === undefined) return isSet ? 'is a path, and hooks.url is not set' : undefined;
  const both = [...endpoint.headers, ...endpoint.emulatedHeaders].find((name) =>
    Object.hasOwn(endpoint.staticHeaders, name),
  );
  return both && `passes ${both} on from clients, and it is in staticHeaders`;
}

export function findHookWarnings({ values, sources, mode, hookSecrets }: Config): string[] {
  const warnings: string[] = [];
  const endpoints = hookPaths.map((path) => [path, hookEndpoint(values, path)] as const);
  const far = endpoints.filter(([, endpoint]) => endpoint !== undefined && !isLoopback(endpoint.url.hostname));
  if (far.length > 0 && hookSecrets.length === 0) {
    warnings.push('hooks.secret is not set: the backend cannot tell the calls of hooks from those of others');
  }
  for (const [path, endpoint] of far) {
    if (endpoint?.url.protocol === 'http:') warnings.push(`${path} is http: whoever is on the way can read and answer`);
  }
  if (values['hooks.connect'] !== undefined && values.anonymous && sources.anonymous !== `${mode} mode`) {
    warnings.push('anonymous has no effect: hooks.connect decides about clients without a token');
  }
  for (const [path, endpoint] of endpoints) {
    if (path === 'hooks.events' || endpoint === undefined) continue;
    const longestMs = endpoint.timeoutMs * 2;
    if (longestMs < clientPatienceMs || path === 'hooks.connect') continue;
    warnings.push(
      `${path} may take twice its timeout (${longestMs / 1_000}s): clients give up after ${clientPatienceMs / 1_000}s`,
    );
  }
  const events = hookEndpoint(values, 'hooks.events');
  const [eventsMs, deadlineMs] = [(events?.timeoutMs ?? 0) * 2, values['shutdown.deadline']];
  if (eventsMs > deadlineMs) {
    warnings.push(
      `hooks.events may take twice its timeout (${eventsMs / 1_000}s), and shutdown.deadline is ${deadlineMs / 1_000}s: the last events of a server that stops are lost`,
    );
  }
  const refreshMs = Math.max(...endpoints.map(([path, it]) => (/refresh/i.test(path) ? (it?.timeoutMs ?? 0) * 2 : 0)));
  if (values['hooks.refreshGrace'] > 0 && refreshMs > values['hooks.refreshGrace']) {
    warnings.push(`hooks.refreshGrace is over before a call of ${refreshMs / 1_000}s has failed: it has no effect`);
  }
  for (const action of asked) {
    const hook = `hooks.${action}` as const;
    const isAsked = Object.values(values.channels).some((rule) => rule[action] === 'hook');
    if (values[hook] !== undefined && !isAsked)
      warnings.push(`${hook} is never asked: no rule has "${action}": "hook"`);
  }
  return warnings;
}
