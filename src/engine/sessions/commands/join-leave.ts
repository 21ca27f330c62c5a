/**
 * `fanfare.joinLeave`: changes whether an existing subscription gets joins and leaves. The SDKs can only ask when they
 * subscribe, and subscribing again would be visible to others and lose publications in between.
 */

import { errorCodes } from '../../../model/codes.js';
import { joinLeaveProcedure, toJoinLeaveWish } from '../../../model/join-leave-wish.js';
import { toJsonText } from '../../../model/json-text.js';
import { type JsonPayload, payloadValue } from '../../../model/payload.js';
import type { ReplyBody } from '../../../model/reply.js';
import { emptyField, membership } from '../../channels/refusal-lines.js';
import { type Denied, refuse } from '../../ports/decision.js';
import type { Session } from '../session.js';
import { findTarget, type TargetPorts } from './target.js';

export function runJoinLeave(ports: TargetPorts, session: Session, data: JsonPayload | undefined): ReplyBody | Denied {
  const wish = data === undefined ? undefined : toJoinLeaveWish(payloadValue(data));
  if (wish === undefined) return refuse(errorCodes.badRequest, emptyField(joinLeaveProcedure, 'data'));
  const target = findTarget(ports, wish.channel);
  if (!target.ok) return target;
  const subscription = session.subscriptions.get(target.channel);
  if (subscription === undefined) {
    return refuse(errorCodes.permissionDenied, membership(joinLeaveProcedure, target.channel, false));
  }
  subscription.askJoinLeave(wish.joinLeave && subscription.rule.joinLeave);
  return { kind: 'rpc', data: toJsonText({ joinLeave: subscription.variant.joinLeave }) };
}
