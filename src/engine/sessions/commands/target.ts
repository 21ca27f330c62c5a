/** Finds the channel of a command, and refuses commands that are not possible there. */

import { type ChannelName, channelNameFault, internalPrefix, parseChannelName } from '../../../model/channel-name.js';
import { errorCodes } from '../../../model/codes.js';
import { badChannelName, internalChannel, unknownChannel } from '../../channels/refusal-lines.js';
import type { Rule } from '../../channels/rule.js';
import { type Denied, refuse } from '../../ports/decision.js';

/** A channel that exists. */
export interface Target {
  readonly ok: true;
  readonly channel: ChannelName;
  readonly rule: Rule;
}

/** Whether a token has expired or is not valid yet, so that another one may be accepted. */
export function isTokenExpired(outcome: Denied): boolean {
  return 'error' in outcome && outcome.error.code === errorCodes.tokenExpired.code;
}

/** Knows the rules of channels. */
export interface TargetPorts {
  match(channel: ChannelName): Rule | undefined;
}

/** 107 for an invalid name, 103 for a name reserved for the server, 102 if no rule matches. */
export function findTarget(ports: TargetPorts, name: string): Target | Denied {
  const channel = parseChannelName(name);
  if (channel === undefined) {
    const fault = channelNameFault(name);
    return refuse(errorCodes.badRequest, fault && badChannelName(name, fault));
  }
  if (channel.startsWith(internalPrefix)) return refuse(errorCodes.permissionDenied, internalChannel(name));
  const rule = ports.match(channel);
  if (rule === undefined) return refuse(errorCodes.unknownChannel, unknownChannel(name));
  return { ok: true, channel, rule };
}
