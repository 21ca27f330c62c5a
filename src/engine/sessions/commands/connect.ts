/** `connect`: who is it, and which channels does it get without asking. */

import { errorCodes } from '../../../model/codes.js';
import type { ConnectRequest } from '../../../model/command.js';
import type { ReplyBody, SubscribeResult } from '../../../model/reply.js';
import { limitReached } from '../../channels/refusal-lines.js';
import type { Authenticator, Identity } from '../../ports/authenticator.js';
import { type Denied, refuse } from '../../ports/decision.js';
import type { EngineLimits } from '../../ports/limits.js';
import { ttlSec } from '../../time/ttl.js';
import { type EstablishPorts, establish } from '../establish.js';
import { type RevocationCheck, revocationOf } from '../revoked.js';
import type { Session } from '../session.js';
import { findTargets, type ServerSidePorts, serverSide } from './server-side.js';

/** Who decides who is let in, and what the client is told. */
export interface ConnectPorts extends ServerSidePorts, EstablishPorts {
  readonly id: string;
  readonly version: string;
  readonly auth: Authenticator;
  readonly revocations: RevocationCheck;
  readonly limits: EngineLimits;
  /** The connections of users, counted over all nodes. */
  readonly seats: { take(user: string): boolean | Promise<boolean>; free(user: string): void };
  /** Absent: users have as many as they like. */
  readonly singleConnection: { connected(session: Session): void } | undefined;
}

const noHeaders: ReadonlyMap<string, string> = new Map();

export async function runConnect(
  ports: ConnectPorts,
  session: Session,
  id: number,
  request: ConnectRequest,
): Promise<ReplyBody | Denied | undefined> {
  const outcome = await ports.auth.connect({
    token: request.token,
    data: request.data,
    handshake: session.handshake,
    standIns: request.headers ?? noHeaders,
    client: session.client,
    transport: session.transport,
    name: request.name,
    version: request.version,
  });
  if (!session.is('connecting')) return undefined;
  if (!outcome.ok) return deny(session, outcome);
  for (const note of outcome.notes ?? []) session.explain(note);
  const { identity } = outcome;
  const revokedBefore = revocationOf(ports.revocations, identity);
  if (revokedBefore !== undefined) return deny(session, revokedBefore);
  const isSeated = await findSeat(ports, session, identity.user);
  if (!session.is('connecting')) return undefined;
  if (!isSeated) {
    // Temporary: the user may have closed another one, or lost it, which the server finds out a ping later.
    const full = { ...errorCodes.limitExceeded, temporary: true };
    return deny(session, refuse(full, limitReached('maxConnectionsPerUser', ports.limits.maxConnectionsPerUser)));
  }
  const targets = findTargets(ports, identity);
  if (!targets.ok) return deny(session, targets);
  admit(ports, session, identity, request.token !== undefined);
  const attachments = serverSide(ports, session, targets.found, request.subs);
  let denied: Denied | undefined;
  const encode = (results: readonly SubscribeResult[]) => {
    // Something may have been revoked while others were asked.
    denied = revocationOf(ports.revocations, identity);
    if (denied !== undefined) return undefined;
    const subs = new Map<string, SubscribeResult>();
    for (const [index, result] of results.entries()) {
      const attachment = attachments[index];
      if (attachment !== undefined) subs.set(attachment.subscription.channel, result);
    }
    return [session.encodeReply(id, { kind: 'connect', result: connectResult(ports, session, identity, subs) })];
  };
  await establish(ports, session, attachments, encode, () => {
    session.connected();
    ports.singleConnection?.connected(session);
  });
  return denied && deny(session, denied);
}

/** A client that is told of an error is expected to leave. */
function deny(session: Session, denied: Denied): Denied {
  if ('error' in denied) session.state = 'refused';
  return denied;
}

/** Makes it one of its user's connections, of which there may be so many. False when there are as many. */
async function findSeat({ seats }: ConnectPorts, session: Session, user: string): Promise<boolean> {
  const taken = seats.take(user);
  const isTaken = typeof taken === 'boolean' ? taken : await taken;
  if (!isTaken) return false;
  // The client may have left while the answer was on its way.
  if (session.is('closed')) seats.free(user);
  else session.seat = user;
  return true;
}

function admit(ports: ConnectPorts, session: Session, identity: Identity, hasToken: boolean): void {
  session.identity = identity;
  session.clientInfo = {
    user: identity.user,
    client: session.client,
    ...(identity.info !== undefined && { connInfo: identity.info }),
  };
  session.refreshable = hasToken && ports.auth.refresh !== undefined;
  session.expiresAtMs = identity.expiresAtMs;
}

function connectResult(
  ports: ConnectPorts,
  session: Session,
  identity: Identity,
  subs: ReadonlyMap<string, SubscribeResult>,
) {
  return {
    client: session.client,
    version: ports.version,
    ...(session.refreshable && ttlSec(ports.clock, identity.expiresAtMs)),
    ...(identity.data !== undefined && { data: identity.data }),
    subs,
    pingIntervalSec: Math.round(ports.limits.pingIntervalMs / 1_000),
    pong: ports.limits.pingIntervalMs > 0,
    session: session.handshake.session ?? session.client,
    node: ports.id,
  };
}
