/** Warns about valid channel rules that have no effect in this configuration. */

import { ChannelPattern } from '../engine/names/channel-pattern.js';
import type { ChannelName } from '../model/channel-name.js';
import type { ChannelConfig } from './channel-config.js';
import type { Config } from './config.js';

export function findChannelWarnings(config: Config, takesTokens: boolean): string[] {
  const { values } = config;
  const rules = Object.entries(values.channels);
  const warnings = findHidden(rules.map(([pattern]) => pattern));
  for (const [pattern, { subscribe }] of rules) {
    if (subscribe !== 'token' || takesTokens) continue;
    warnings.push(
      `channels → ${pattern} → subscribe is token, and there is none of token.secret, token.keys and token.jwks`,
    );
  }
  if (!values['deflate.enabled'] || !values['deflate.dictionary']) {
    for (const [pattern, { dictionarySamples }] of rules) {
      if (dictionarySamples !== true) continue;
      warnings.push(
        `channels → ${pattern} → dictionarySamples has no effect without deflate.enabled and deflate.dictionary`,
      );
    }
  }
  if (onlyAnonymous(config)) warnings.push(...rules.flatMap(([pattern, rule]) => findForUsers(pattern, rule)));
  const kept = rules.filter(([, { history }]) => history !== undefined);
  const most = Math.max(0, ...kept.map(([, rule]) => rule.maxMessageBytes ?? values['limits.maxMessageBytes']));
  if (values.broker === 'memory' && values['memory.maxHistoryBytes'] < most) {
    warnings.push(`memory.maxHistoryBytes is less than the largest message (${most} bytes), which is not kept`);
  }
  for (const [pattern, { history }] of kept) {
    const [size, room] = [history?.size ?? 0, values['memory.maxHistoryBytes']];
    if (values.broker !== 'memory' || size * leastBytes <= room) continue;
    warnings.push(
      `channels → ${pattern} → history.size is ${size}, and memory.maxHistoryBytes (${room}), for all channels together, has no room for as many short messages`,
    );
  }
  const room = values['memory.maxMapBytes'];
  for (const [pattern, { map, maxMessageBytes = values['limits.maxMessageBytes'] }] of rules) {
    if (map === undefined) continue;
    const { maxBytes = values['limits.maxMapBytes'] } = map;
    const about = `channels → ${pattern} → map`;
    if (maxBytes < maxMessageBytes) {
      warnings.push(
        `${about} has room for ${maxBytes} bytes, less than the largest message (${maxMessageBytes} bytes)`,
      );
    }
    if (values.broker !== 'memory' || maxBytes <= room) continue;
    warnings.push(
      `${about}.maxBytes is ${maxBytes}, without effect above memory.maxMapBytes (${room}), for all maps together`,
    );
  }
  return warnings;
}

/** The size of a short message. */
const leastBytes = 32;

/** Whether all clients are anonymous: no token, hook, or ticket of the HTTP API can name a user. */
export function onlyAnonymous({ values, secrets, apiKeys }: Config): boolean {
  const keys = secrets.length + values['token.keys'].length + values['token.jwks'].length + apiKeys.length;
  return values.anonymous && keys === 0 && values['hooks.connect'] === undefined && !values['api.insecure'];
}

/** Permissions for users, of whom there are none. */
function findForUsers(pattern: string, { subscribe, publish, history, presence }: ChannelConfig): string[] {
  const permissions = { subscribe, publish, 'history → read': history?.read, presence };
  return Object.entries(permissions).flatMap(([name, who]) =>
    who === 'user'
      ? `channels → ${pattern} → ${name} is user, and all clients are anonymous: nobody may; set token.secret, or write anyone`
      : [],
  );
}

/** The first match applies, so a pattern after one that matches all of its names is never used. */
function findHidden(patterns: readonly string[]): string[] {
  return patterns.flatMap((later, index) => {
    const samples = samplesOf(later);
    const first = patterns.slice(0, index).find((text) => {
      const pattern = new ChannelPattern(text);
      return samples.every((sample) => pattern.match(sample) !== undefined);
    });
    return first === undefined
      ? []
      : [`channels → ${later} has no effect: ${first}, which stands before it, matches the same names`];
  });
}

/** Names that another pattern matches only if it matches everything that this one does. No literal is like them. */
function samplesOf(pattern: string): ChannelName[] {
  const segment = '\u0001';
  const name = pattern.replaceAll(/\{\w+\}/g, segment);
  // safe: they are only compared with patterns
  return [segment, `${segment}:${segment}`].map((rest) => name.replace(/\{\w+\*\}/, rest) as ChannelName);
}
