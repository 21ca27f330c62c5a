/** `presence` and `presence_stats`: who is in a channel. */

import { errorCodes } from '../../../model/codes.js';
import type { ReplyBody } from '../../../model/reply.js';
import { decide, permissionContext } from '../../channels/permissions.js';
import { notKept } from '../../channels/refusal-lines.js';
import type { PresenceStore } from '../../ports/broker.js';
import { type Decision, type Denied, refuse } from '../../ports/decision.js';
import type { Session } from '../session.js';
import { findTarget, type Target } from './target.js';

export async function runPresence(session: Session, name: string): Promise<ReplyBody | Denied> {
  const readable = await findReadable(session, name);
  if (!readable.ok) return readable;
  const clients = await readable.store.list(readable.channel, session.node.limits.maxPresenceClients);
  return { kind: 'presence', clients };
}

export async function runPresenceStats(session: Session, name: string): Promise<ReplyBody | Denied> {
  const readable = await findReadable(session, name);
  if (!readable.ok) return readable;
  return { kind: 'presenceStats', ...(await readable.store.stats(readable.channel)) };
}

async function findReadable(
  session: Session,
  name: string,
): Promise<Decision<Target & { readonly store: PresenceStore }>> {
  const target = findTarget(session, name);
  if (!target.ok) return target;
  const { channel, match } = target;
  const store = session.node.broker.presence;
  const question = { action: 'presence', channel, match } as const;
  if (!match.rule.presence || store === undefined) return refuse(errorCodes.notAvailable, notKept(question));
  const verdict = await decide(match.rule.readPresence, session, question, () => permissionContext(session, question));
  return verdict.ok ? { ...target, store } : verdict;
}
