/** Channel rules that are right each on its own and have no effect beside the rest of the configuration. */

import { ChannelPattern } from '../engine/names/channel-pattern.js';
import type { ChannelName } from '../model/channel-name.js';
import type { Config } from './config.js';

export function findChannelWarnings({ values }: Config, takesTokens: boolean): string[] {
  const rules = Object.entries(values.channels);
  const warnings = findHidden(rules.map(([pattern]) => pattern));
  for (const [pattern, { subscribe }] of rules) {
    if (subscribe !== 'token' || takesTokens) continue;
    warnings.push(
      `channels → ${pattern} → subscribe is token, and there is none of token.secret, token.keys and token.jwks`,
    );
  }
  const kept = rules.filter(([, { history }]) => history !== undefined);
  const most = Math.max(0, ...kept.map(([, rule]) => rule.maxMessageBytes ?? values['limits.maxMessageBytes']));
  if (values.broker === 'memory' && values['memory.maxHistoryBytes'] < most) {
    warnings.push(`memory.maxHistoryBytes is less than the largest message (${most} bytes), which is not kept`);
  }
  return warnings;
}

/** The first pattern that matches a name is its rule: one behind another that matches all of its names is never used. */
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

/** Names that another pattern matches all of only if it matches whatever this one does. No literal is like them. */
function samplesOf(pattern: string): ChannelName[] {
  const segment = '\u0001';
  const name = pattern.replaceAll(/\{\w+\}/g, segment);
  // safe: they are compared with patterns and go nowhere
  return [segment, `${segment}:${segment}`].map((rest) => name.replace(/\{\w+\*\}/, rest) as ChannelName);
}
