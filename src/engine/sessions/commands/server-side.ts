/** The server-side subscriptions that a client gets with its connection, as the authenticator grants them. */

import { errorCodes } from '../../../model/codes.js';
import type { ConnectRequest } from '../../../model/command.js';
import type { RefusalLine } from '../../../model/refusal-line.js';
import { noPersonalChannel, type PersonalChannel } from '../../channels/personal-channel.js';
import { Attachment, type AttachmentPorts } from '../../fanout/attachment.js';
import { Subscription } from '../../fanout/subscription.js';
import type { Grant, Identity } from '../../ports/authenticator.js';
import { type Decision, type Denied, refuse } from '../../ports/decision.js';
import type { EngineLimits } from '../../ports/limits.js';
import { bytesRefusal } from '../bytes-refusal.js';
import type { Session } from '../session.js';
import { findTarget, type Target, type TargetPorts } from './target.js';

/** The channels, and the personal channels of users. */
export interface ServerSidePorts extends TargetPorts, AttachmentPorts {
  readonly limits: EngineLimits;
  /** Absent: users have no personal channels. */
  readonly personalChannel: PersonalChannel | undefined;
}

/** A channel that the authenticator has granted, with the grant. */
interface Granted {
  readonly target: Target;
  readonly identity: Grant;
}

/**
 * The channels of the server-side subscriptions. An unknown one is refused, so that the mistake is noticed, and so is one
 * whose data the client cannot have.
 */
export function findTargets(
  ports: ServerSidePorts,
  session: Session,
  identity: Identity,
): Decision<{ readonly found: readonly Granted[] }> {
  const { maxChannelsPerConnection: most } = ports.limits;
  const found: Granted[] = [];
  const personal = findPersonal(ports, identity);
  if (personal !== undefined) {
    if (!personal.ok) return personal;
    found.push({ target: personal, identity: {} });
  }
  for (const [name, granted] of identity.subscriptions ?? []) {
    if (found.length >= most) return refuse(errorCodes.limitExceeded, tooMany(most));
    const target = findTarget(ports, name);
    if (!target.ok) return { ...target, why: notThere(name) };
    if (target.rule.map !== undefined) return refuse(errorCodes.notAvailable, grantedMap(name));
    found.push({ target, identity: granted });
  }
  for (const { target } of found) {
    const refusal = bytesRefusal(session, { action: 'subscribe', ...target });
    if (refusal !== undefined) return refusal;
  }
  return { ok: true, found };
}

/** The user's personal channel, unless it is granted explicitly, with its own grant. Anonymous clients have none. */
function findPersonal(ports: ServerSidePorts, { user, subscriptions }: Identity): Target | Denied | undefined {
  const { personalChannel: personal } = ports;
  if (personal === undefined || user === '') return undefined;
  const name = personal.nameFor(user);
  const target = findTarget(ports, name);
  if (!target.ok) return { ...target, why: noPersonalChannel(user, name) };
  if (target.rule.map !== undefined) return refuse(errorCodes.notAvailable, grantedMap(name));
  const objection = personal.objection(user, target.channel, target.rule);
  if (objection !== undefined) return refuse(errorCodes.badRequest, objection);
  return subscriptions?.has(name) === true ? undefined : target;
}

function notThere(channel: string): RefusalLine {
  const message = 'connect refused: no rule is for a channel that the token, or the answer of auth or its hook, grants';
  return { check: 'granted channel', key: channel, fields: { channel, option: 'channels' }, message };
}

/** Clients have no way to read the state of a map that they have not subscribed to themselves. */
function grantedMap(channel: string): RefusalLine {
  const message = 'connect refused: a channel that the token, or the answer of auth or its hook, grants is a map';
  return { check: 'granted map', key: channel, fields: { channel, option: 'channels' }, message };
}

function tooMany(limit: number): RefusalLine {
  const message =
    'connect refused: the token, or the answer of auth or its hook, grants more channels than a client may have';
  const fields = { limit, option: 'limits.maxChannelsPerConnection' };
  return { check: 'number of granted channels', fields, message };
}

/**
 * Makes the subscriptions, for which the authenticator's grant suffices without the permission of a rule. What the
 * client has missed of them it gets as it has asked.
 */
export function serverSide(
  ports: ServerSidePorts,
  session: Session,
  found: readonly Granted[],
  { subs, inPages = false }: Pick<ConnectRequest, 'subs' | 'inPages'>,
): Attachment[] {
  return found.map(({ target: { channel, rule }, identity }) => {
    const subscription = new Subscription(session.subscriptions, channel, rule, {
      joinLeave: rule.joinLeave,
      serverSide: true,
    });
    subscription.grant(identity, false);
    session.subscriptions.add(subscription);
    return new Attachment(ports, subscription, subs.get(channel), { inPages: inPages && session.takesPages });
  });
}
