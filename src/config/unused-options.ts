/** Options that are set and have no effect, because the option that they depend on is not set. */

import { type LimitPath, limitNames, limitPath, limitTable } from '../engine/ports/limits.js';
import { brokerKinds, brokerNameOf, brokerNames } from './broker-kinds.js';
import { onlyAnonymous } from './channel-warnings.js';
import type { Config } from './config.js';
import { isOptionPath, type OptionPath, optionPaths } from './options.js';

/** Options, by prefix, and the option that they need. */
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
  ...(['deflate.minBytes', 'deflate.dictionary'] as const).map((options) => ({
    options,
    of: 'deflate.enabled',
    isThere: ({ values }: Config) => values['deflate.enabled'],
  })),
  ...(['durableStreams.readOnly', 'durableStreams.writersMayDelete', 'durableStreams.maxBodyBytes'] as const).map(
    (options) => ({ options, of: 'durableStreams.path', isThere: isSet('durableStreams.path') }),
  ),
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
  { options: 'limits.connectBurst', of: 'limits.connectsPerSec', isThere: isAboveZero('limits.connectsPerSec') },
  { options: 'limits.commandBurst', of: 'limits.commandsPerSec', isThere: isAboveZero('limits.commandsPerSec') },
  { options: 'limits.pongTimeout', of: 'limits.pingInterval', isThere: isAboveZero('limits.pingInterval') },
  { options: 'shutdown.clientsPerSec', of: 'shutdown.deadline', isThere: isAboveZero('shutdown.deadline') },
  ...(
    [
      'personal.channel',
      'personal.singleConnection',
      'limits.maxConnectionsPerUser',
      'limits.commandsPerSecPerUser',
      'limits.publicationsPerSecPerUser',
      'limits.subscribesPerSecPerUser',
      'limits.expiredGrace',
    ] as const
  ).map((options) => ({
    options,
    of: 'token.secret, hooks.connect or api.keys: all clients are anonymous',
    isThere: (config: Config) => !onlyAnonymous(config),
  })),
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

function isAboveZero(path: 'shutdown.deadline' | LimitPath) {
  return ({ values }: Config) => values[path] > 0;
}

function takesTokens({ values, secrets }: Config): boolean {
  return secrets.length + values['token.keys'].length + values['token.jwks'].length > 0;
}

function hasApi({ values, apiKeys }: Config): boolean {
  return apiKeys.length > 0 || values['api.insecure'];
}
