/** Finds the channel that a command is about, and refuses what may not be done with it. */

import { type ChannelName, channelNameFault, internalPrefix, parseChannelName } from '../../../model/channel-name.js';
import { errorCodes } from '../../../model/codes.js';
import { badChannelName, internalChannel, unknownChannel } from '../../channels/refusal-lines.js';
import type { RuleMatch } from '../../channels/rule.js';
import { type Denied, refuse } from '../../ports/decision.js';

/** A channel that exists. */
export interface Target {
  readonly ok: true;
  readonly channel: ChannelName;
  readonly match: RuleMatch;
}

/** Whether a token has expired, or is not good yet, and another one may be. */
export function isTokenExpired(outcome: Denied): boolean {
  return 'error' in outcome && outcome.error.code === errorCodes.tokenExpired.code;
}

/** What knows the rules of channels. */
export interface TargetPorts {
  match(channel: ChannelName): RuleMatch | undefined;
}

/** 107 for a bad name, 103 for one of the server's own, 102 where no rule matches. */
export function findTarget(ports: TargetPorts, name: string): Target | Denied {
  const channel = parseChannelName(name);
  if (channel === undefined) {
    const fault = channelNameFault(name);
    return refuse(errorCodes.badRequest, fault && badChannelName(name, fault));
  }
  if (channel.startsWith(internalPrefix)) return refuse(errorCodes.permissionDenied, internalChannel(name));
  const match = ports.match(channel);
  if (match === undefined) return refuse(errorCodes.unknownChannel, unknownChannel(name));
  return { ok: true, channel, match };
}
