/** Contradictions between limits and channel rules, by their names in a configuration. */

import { type Contradiction, contradictions, type RuleFacts } from '../engine/channels/contradictions.js';
import { defaultStreams } from '../engine/channels/stream-terms.js';
import { type EngineLimits, type LimitName, limitPath } from '../engine/ports/limits.js';
import type { ChannelConfig } from './channel-config.js';
import type { Config } from './config.js';
import { limitsOf } from './limits.js';
import { formatValue } from './options.js';
import type { ConfigProblem } from './problem.js';

export function findLimitConflicts(config: Config): ConfigProblem[] {
  return found(config, 'error').map(({ limit, rule, message }) => {
    const key = limit === undefined ? 'channels' : limitPath(limit);
    const about = limit === undefined ? `→ ${rule}:` : `is ${valueText(config, limit)},`;
    return { key, where: config.sources[key], message: `${about} ${message}` };
  });
}

export function findLimitWarnings(config: Config): string[] {
  return found(config, 'warning').map(({ limit, rule, message }) =>
    limit === undefined
      ? `channels → ${rule}: ${message}`
      : `${limitPath(limit)} is ${valueText(config, limit)}, ${message}`,
  );
}

function valueText({ values }: Config, limit: LimitName): string {
  return formatValue(limitPath(limit), values[limitPath(limit)]);
}

function found(config: Config, severity: Contradiction['severity']): Contradiction[] {
  const { values } = config;
  const limits = limitsOf(values);
  const rules = Object.entries(values.channels).map(([pattern, rule]) => factsOf(pattern, rule, limits));
  const words = { nameOf: limitPath, valueOf: (limit: LimitName) => valueText(config, limit) };
  return contradictions(limits, rules, words).filter((contradiction) => contradiction.severity === severity);
}

function factsOf(pattern: string, rule: ChannelConfig, limits: EngineLimits): RuleFacts {
  const { history, presence = false, publish = 'nobody', subscribe = 'nobody' } = rule;
  return {
    pattern: { text: pattern },
    stream: history && { size: history.size, ttlMs: history.ttl },
    ...(rule.streams && { streams: { maxLength: rule.streams.maxBytes ?? defaultStreams.maxBytes } }),
    recovery: rule.recovery ?? (history === undefined ? 'off' : 'stream'),
    presence: presence !== false,
    publish,
    subscribe,
    readHistory: history?.read ?? 'subscriber',
    readPresence: presence === true ? 'subscriber' : presence,
    maxMessageBytes: rule.maxMessageBytes ?? limits.maxMessageBytes,
  };
}
