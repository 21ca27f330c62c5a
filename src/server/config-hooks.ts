/** Makes the hooks of a configuration. */

import type { ChannelsConfig } from '../config/channel-config.js';
import type { Config } from '../config/config.js';
import { hookEndpoint } from '../config/hook-endpoint.js';
import type { OptionValues } from '../config/options.js';
import { ChannelPattern } from '../engine/names/channel-pattern.js';
import type { Logger } from '../engine/ports/logger.js';
import type { Tracer } from '../engine/ports/tracer.js';
import type { HookName, HookOptions } from '../http/hooks/hook.js';
import { Hooks } from '../http/hooks/hooks.js';
import { parseChannelName } from '../model/channel-name.js';
import { systemClock, systemRandom } from './system-ports.js';

interface HooksPorts {
  readonly log: Logger;
  /** Absent: nothing is traced. */
  readonly tracer: Tracer | undefined;
}

/** @param previous the hooks that they will replace */
export function hooksOf({ values, hookSecrets }: Config, ports: HooksPorts, previous?: Hooks): Hooks {
  return new Hooks(
    {
      endpoints: endpointsOf(values),
      limits: {
        maxInFlight: values['hooks.maxInFlight'],
        maxWaiting: values['hooks.maxWaiting'],
        breakerFailures: values['hooks.breakerFailures'],
        maxResponseBytes: values['hooks.maxResponseBytes'],
      },
      secrets: hookSecrets,
      refreshGraceMs: values['hooks.refreshGrace'],
      eventTypes: values['hooks.eventTypes'],
      maxQueuedEvents: values['hooks.maxQueuedEvents'],
      hasPresence: presenceIn(values.channels),
    },
    { clock: systemClock, random: systemRandom, ...ports },
    previous,
  );
}

function endpointsOf(values: OptionValues): Partial<Record<HookName, HookOptions>> {
  const endpoints: Partial<Record<HookName, HookOptions>> = {};
  for (const [name, path] of [
    ['connect', 'hooks.connect'],
    ['refresh', 'hooks.refresh'],
    ['subscribe', 'hooks.subscribe'],
    ['sub_refresh', 'hooks.subRefresh'],
    ['publish', 'hooks.publish'],
    ['rpc', 'hooks.rpc'],
    ['events', 'hooks.events'],
  ] as const) {
    const endpoint = hookEndpoint(values, path);
    if (endpoint !== undefined) endpoints[name] = endpoint;
  }
  return endpoints;
}

/** According to the first rule whose pattern matches. */
function presenceIn(rules: ChannelsConfig): (channel: string) => boolean {
  const patterns = Object.entries(rules).map(([pattern, { presence = false }]) => ({
    pattern: new ChannelPattern(pattern),
    presence: presence !== false,
  }));
  return (name) => {
    const channel = parseChannelName(name);
    if (channel === undefined) return false;
    return patterns.find(({ pattern }) => pattern.matches(channel))?.presence ?? false;
  };
}
