/** Finds the channel that a command is about, and refuses what may not be done with it. */

import { type ChannelName, channelNameFault, internalPrefix, parseChannelName } from '../../../model/channel-name.js';
import { type Disconnect, type ErrorReply, errorCodes } from '../../../model/codes.js';
import type { RefusalLine } from '../../../model/refusal-line.js';
import type { ReplyBody } from '../../../model/reply.js';
import type { Verdict } from '../../channels/permissions.js';
import { badChannelName, internalChannel, unknownChannel } from '../../channels/refusal-lines.js';
import type { RuleMatch } from '../../channels/rule.js';
import type { SubscriptionIdentity } from '../../ports/authenticator.js';
import type { Session } from '../session.js';

/** A channel that exists. */
export interface Target {
  readonly ok: true;
  readonly channel: ChannelName;
  readonly match: RuleMatch;
}

/** A command's answer when it is refused. */
export interface Refusal {
  readonly ok: false;
  readonly reply: ReplyBody;
}

/** Refuses with one of the protocol's errors. @param why for the log */
export function refuse(error: ErrorReply, why?: RefusalLine): Refusal {
  return { ok: false, reply: { kind: 'error', error, ...(why !== undefined && { why }) } };
}

/** Answers a verdict that is a no: with its error, or by closing the connection. @param why for the log */
export function refuseBy(
  session: Session,
  verdict: Extract<Verdict<never>, { ok: false }> & { readonly why?: RefusalLine },
  why: RefusalLine | undefined = verdict.why,
): Refusal {
  if ('error' in verdict) return refuse(verdict.error, why);
  session.close(verdict.disconnect, why);
  return refuse(errorCodes.permissionDenied);
}

/** Whether a token has expired, or is not good yet, and another one may be. */
export function isTokenExpired(outcome: { readonly error: ErrorReply } | { readonly disconnect: Disconnect }): boolean {
  return 'error' in outcome && outcome.error.code === errorCodes.tokenExpired.code;
}

/** Whether the token that grants a subscription, or all of its user's tokens of that time, have been revoked. */
export function isRevoked({ node, user }: Session, identity: SubscriptionIdentity): boolean {
  return node.revocations.find({ ...identity, user }) !== undefined;
}

/** Whether it has been, by so few seconds that another token may be good. */
export function isRevokedByClock({ node, user }: Session, identity: SubscriptionIdentity): boolean {
  return node.revocations.isByClock({ ...identity, user });
}

/** 107 for a bad name, 103 for one of the server's own, 102 where no rule matches. */
export function findTarget(session: Session, name: string): Target | Refusal {
  const channel = parseChannelName(name);
  if (channel === undefined) {
    const fault = channelNameFault(name);
    return refuse(errorCodes.badRequest, fault && badChannelName(name, fault));
  }
  if (channel.startsWith(internalPrefix)) return refuse(errorCodes.permissionDenied, internalChannel(name));
  const match = session.node.match(channel);
  if (match === undefined) return refuse(errorCodes.unknownChannel, unknownChannel(name));
  return { ok: true, channel, match };
}
