/** `connect`: authenticates the client, and makes its server-side subscriptions. */

import { errorCodes } from '../../../model/codes.js';
import type { ConnectRequest } from '../../../model/command.js';
import type { DictionaryOffer } from '../../../model/dictionary.js';
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

/** What decides about the client, and what the reply is made from. */
export interface ConnectPorts extends ServerSidePorts, EstablishPorts {
  readonly id: string;
  readonly version: string;
  readonly auth: Authenticator;
  readonly revocations: RevocationCheck;
  readonly limits: EngineLimits;
  /** The connections of users, counted over all nodes. */
  readonly seats: { take(user: string): boolean | Promise<boolean> };
  readonly singleConnection: { connected(session: Session): void };
  /** Thousands of clients may connect at once, and connected clients must not wait for all of them. */
  readonly connects: { enter(): Promise<void> | undefined };
}

const noHeaders: ReadonlyMap<string, string> = new Map();

export async function runConnect(
  ports: ConnectPorts,
  session: Session,
  id: number,
  request: ConnectRequest,
): Promise<ReplyBody | Denied | undefined> {
  const { clock } = ports;
  const beganMs = clock.nowMs();
  const turn = ports.connects.enter();
  if (turn !== undefined) await turn;
  if (!session.is('connecting')) return undefined;
  const outcome = await ports.auth.connect({
    token: request.token,
    data: request.data,
    handshake: session.handshake,
    standIns: request.headers ?? noHeaders,
    client: session.client,
    transport: session.transport,
    name: request.name,
    version: request.version,
    profile: request.profile,
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
    // Temporary: the user may have closed another connection, or lost one, which the server notices one ping later.
    const full = { ...errorCodes.limitExceeded, temporary: true };
    return deny(session, refuse(full, limitReached('maxConnectionsPerUser', ports.limits.maxConnectionsPerUser)));
  }
  const targets = findTargets(ports, session, identity);
  if (!targets.ok) return deny(session, targets);
  const refreshable = request.token !== undefined && ports.auth.refresh !== undefined;
  session.admit(identity, refreshable);
  const attachments = serverSide(ports, session, targets.found, request);
  const dictionary = session.offerDictionary(request.dictionary);
  let denied: Denied | undefined;
  const encode = (results: readonly SubscribeResult[]) => {
    // Revoked while the broker or the application was asked.
    denied = revocationOf(ports.revocations, identity);
    if (denied !== undefined) return undefined;
    const subs = new Map<string, SubscribeResult>();
    for (const [index, result] of results.entries()) {
      const attachment = attachments[index];
      if (attachment !== undefined) subs.set(attachment.subscription.channel, result);
    }
    return [
      session.encodeReply(id, { kind: 'connect', result: connectResult(ports, session, identity, subs, dictionary) }),
    ];
  };
  await establish(ports, session, attachments, encode, () => {
    if (dictionary !== undefined) session.beginDictionary();
    session.connected(request.name, request.version);
    ports.singleConnection.connected(session);
    const seconds = (clock.nowMs() - beganMs) / 1_000;
    ports.counters.connecting.of(session.transport).observe(seconds);
  });
  return denied && deny(session, denied);
}

/** A client that gets an error should disconnect. */
function deny(session: Session, denied: Denied): Denied {
  if ('error' in denied) session.refused();
  return denied;
}

/** Takes a seat of the user. False if there is none left. */
async function findSeat({ seats }: ConnectPorts, session: Session, user: string): Promise<boolean> {
  const taken = seats.take(user);
  const isTaken = typeof taken === 'boolean' ? taken : await taken;
  if (isTaken) session.takeSeat(user);
  return isTaken;
}

function connectResult(
  ports: ConnectPorts,
  session: Session,
  identity: Identity,
  subs: ReadonlyMap<string, SubscribeResult>,
  dictionary: DictionaryOffer | undefined,
) {
  return {
    client: session.client,
    version: ports.version,
    ...(session.admitted?.refreshable && ttlSec(ports.clock, identity.expiresAtMs)),
    ...(identity.data !== undefined && { data: identity.data }),
    subs,
    pingIntervalSec: Math.round(ports.limits.pingIntervalMs / 1_000),
    pong: ports.limits.pingIntervalMs > 0 && session.answersPings,
    session: session.handshake.session ?? session.client,
    node: ports.id,
    dictionary,
  };
}
