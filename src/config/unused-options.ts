/** Options that are set and have no effect, because another one that they serve is not set. */

import { limitNames, limitPath, limitTable } from '../engine/ports/limits.js';
import { brokerKinds, brokerNameOf, brokerNames } from './broker-kinds.js';
import type { Config } from './config.js';
import { isOptionPath, type OptionPath, optionPaths } from './options.js';

/** Which options, by the beginning of their paths, need which other one. */
const needs: readonly {
  readonly options: string;
  readonly of: string;
  readonly isThere: (config: Config) => boolean;
}[] = [
  ...brokerNames.map((name) => ({
    options: `${name}.`,
    of: brokerKinds[name].address,
    isThere: ({ values }: Config) => brokerNameOf(values.broker) === name,
  })),
  { options: 'proxyHeader', of: 'trustProxies', isThere: ({ values }) => values.trustProxies.length > 0 },
  { options: 'internal.host', of: 'internal.port', isThere: isSet('internal.port') },
  { options: 'token.algorithm', of: 'token.secret', isThere: ({ secrets }) => secrets.length > 0 },
  { options: 'token.issuer', of: 'tokens', isThere: takesTokens },
  { options: 'token.audience', of: 'tokens', isThere: takesTokens },
  { options: 'api.maxBodyBytes', of: 'api.keys', isThere: hasApi },
  { options: 'hooks.eventTypes', of: 'hooks.events', isThere: isSet('hooks.events') },
  { options: 'hooks.maxQueuedEvents', of: 'hooks.events', isThere: isSet('hooks.events') },
  {
    options: 'hooks.refreshGrace',
    of: 'hooks.refresh or hooks.subRefresh',
    isThere: isSet('hooks.refresh', 'hooks.subRefresh'),
  },
  ...limitNames.flatMap((name) => {
    const { transport } = limitTable[name];
    const of = `transports.${transport}` as const;
    if (transport === undefined || !isOptionPath(of)) return [];
    return [{ options: limitPath(name), of, isThere: ({ values }: Config) => values[of] === true }];
  }),
];

export function findUnusedOptions(config: Config): string[] {
  return needs.flatMap(({ options, of, isThere }) => {
    const set = optionPaths.filter((path) => path.startsWith(options) && isOwnWord(config, path));
    return isThere(config) ? [] : set.map((path) => `${path} has no effect without ${of}`);
  });
}

function isOwnWord({ sources, mode }: Config, path: OptionPath): boolean {
  return sources[path] !== 'default' && sources[path] !== `${mode} mode`;
}

function isSet(...paths: readonly OptionPath[]) {
  return ({ values }: Config) => paths.some((path) => values[path] !== undefined);
}

function takesTokens({ values, secrets }: Config): boolean {
  return secrets.length + values['token.keys'].length + values['token.jwks'].length > 0;
}

function hasApi({ values, apiKeys }: Config): boolean {
  return apiKeys.length > 0 || values['api.insecure'];
}
