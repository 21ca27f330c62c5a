/** Whether personal channels fit the channel rules and the limits. */

import { PersonalChannel } from '../engine/channels/personal-channel.js';
import { ChannelPattern } from '../engine/names/channel-pattern.js';
import { singleConnectionConflict } from '../engine/operations/single-connection.js';
import type { ChannelName } from '../model/channel-name.js';
import { FanfareError } from '../model/fanfare-error.js';
import type { ChannelsConfig } from './channel-config.js';
import type { Config } from './config.js';
import type { ConfigProblem } from './problem.js';

export function findPersonalConflicts({ values, sources }: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const fault = personalChannelOf(values.channels, values['personal.channel']);
  if (typeof fault === 'string') {
    problems.push({ key: 'personal.channel', where: sources['personal.channel'], message: fault });
  }
  const conflict = values['personal.singleConnection']
    ? singleConnectionConflict(values['limits.maxConnectionsPerUser'])
    : undefined;
  if (conflict !== undefined) {
    problems.push({ key: 'personal.singleConnection', where: sources['personal.singleConnection'], message: conflict });
  }
  return problems;
}

export function findPersonalWarnings({ values }: Config): string[] {
  const channel = personalChannelOf(values.channels, values['personal.channel']);
  return typeof channel === 'object' && channel.warning !== undefined ? [channel.warning] : [];
}

/** The channel, or its problem. */
function personalChannelOf(rules: ChannelsConfig, template: string | undefined): PersonalChannel | string | undefined {
  if (template === undefined) return undefined;
  const known = Object.entries(rules).map(([text, { subscribe = 'nobody', userLimited = false }]) => ({
    pattern: new ChannelPattern(text),
    subscribe,
    userLimited,
  }));
  try {
    return new PersonalChannel(template, (name: ChannelName) => known.find(({ pattern }) => pattern.match(name)));
  } catch (error) {
    if (error instanceof FanfareError) return error.message.replace('personal.channel: ', '');
    throw error;
  }
}
