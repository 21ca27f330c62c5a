/** `refresh`: a new connection token before the old one expires. */

import { disconnectCodes, errorCodes } from '../../model/codes.js';
import type { ReplyBody } from '../../model/reply.js';
import type { Session } from '../session.js';
import { ttlSec } from '../ttl.js';
import { refuse } from './target.js';

export async function runRefresh(session: Session, token: string): Promise<ReplyBody | undefined> {
  const { node } = session;
  if (node.auth.refresh === undefined) return refuse(errorCodes.notAvailable).reply;
  if (token === '') return refuse(errorCodes.badRequest).reply;
  const outcome = await node.auth.refresh(token);
  if (!session.is('connected')) return undefined;
  if (!outcome.ok) {
    if ('error' in outcome) return refuse(outcome.error).reply;
    session.close(outcome.disconnect);
    return undefined;
  }
  const { identity } = outcome;
  if (identity.user !== session.user) {
    // A token renews a connection, it does not hand it to somebody else.
    session.close(disconnectCodes.invalidToken, 'refresh with the token of another user');
    return undefined;
  }
  session.identity = identity;
  session.renewExpiry(identity.expiresAtMs);
  return {
    kind: 'refresh',
    client: session.client,
    version: node.version,
    ...ttlSec(node.clock, identity.expiresAtMs),
  };
}
