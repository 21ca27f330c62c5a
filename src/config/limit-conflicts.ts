/** Contradictions among limits and channel rules, by the names that they have in a configuration. */

import { type Contradiction, contradictions, type RuleFacts } from '../engine/channels/contradictions.js';
import { type EngineLimits, limitPath } from '../engine/ports/limits.js';
import type { ChannelConfig } from './channel-config.js';
import type { Config } from './config.js';
import { limitsOf } from './limits.js';
import type { ConfigProblem } from './problem.js';

export function findLimitConflicts(config: Config): ConfigProblem[] {
  return found(config, 'error').map(({ limit, rule, message }) => {
    const key = limit === undefined ? 'channels' : limitPath(limit);
    return { key, where: config.sources[key], message: rule === undefined ? message : `→ ${rule}: ${message}` };
  });
}

export function findLimitWarnings(config: Config): string[] {
  return found(config, 'warning').map(({ limit, rule, message }) =>
    limit === undefined ? `channels → ${rule}: ${message}` : `${limitPath(limit)} ${message}`,
  );
}

function found({ values }: Config, severity: Contradiction['severity']): Contradiction[] {
  const limits = limitsOf(values);
  const rules = Object.entries(values.channels).map(([pattern, rule]) => factsOf(pattern, rule, limits));
  return contradictions(limits, rules, limitPath).filter((contradiction) => contradiction.severity === severity);
}

function factsOf(pattern: string, rule: ChannelConfig, limits: EngineLimits): RuleFacts {
  const { history, presence = false, publish = 'nobody', subscribe = 'nobody' } = rule;
  return {
    pattern: { text: pattern },
    stream: history && { size: history.size, ttlMs: history.ttl },
    recovery: rule.recovery ?? (history === undefined ? 'off' : 'stream'),
    presence: presence !== false,
    publish,
    subscribe,
    maxMessageBytes: rule.maxMessageBytes ?? limits.maxMessageBytes,
  };
}
