/** `presence` and `presence_stats`: who is in a channel. */

import { errorCodes } from '../../../model/codes.js';
import type { ReplyBody } from '../../../model/reply.js';
import { decide, permissionContext } from '../../channels/permissions.js';
import { deniedByRule, notKept } from '../../channels/refusal-lines.js';
import type { PresenceStore } from '../../ports/broker.js';
import type { Session } from '../session.js';
import { findTarget, type Refusal, refuse, refuseBy, type Target } from './target.js';

export async function runPresence(session: Session, name: string): Promise<ReplyBody> {
  const readable = await findReadable(session, name);
  if (!readable.ok) return readable.reply;
  const clients = await readable.store.list(readable.channel, session.node.limits.maxPresenceClients);
  return { kind: 'presence', clients };
}

export async function runPresenceStats(session: Session, name: string): Promise<ReplyBody> {
  const readable = await findReadable(session, name);
  if (!readable.ok) return readable.reply;
  return { kind: 'presenceStats', ...(await readable.store.stats(readable.channel)) };
}

async function findReadable(
  session: Session,
  name: string,
): Promise<(Target & { readonly store: PresenceStore }) | Refusal> {
  const target = findTarget(session, name);
  if (!target.ok) return target;
  const { channel, match } = target;
  const store = session.node.broker.presence;
  const question = { action: 'presence', channel, match } as const;
  if (!match.rule.presence || store === undefined) return refuse(errorCodes.notAvailable, notKept(question));
  const verdict = await decide(match.rule.readPresence, session, question, () => permissionContext(session, question));
  return verdict.ok
    ? { ...target, store }
    : refuseBy(session, verdict, deniedByRule(question, match.rule.readPresence));
}
