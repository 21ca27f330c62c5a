/** When the sweep has to look at a connection. */

import { newTokenTimeMs } from '../engine/time/ttl.js';
import type { ConnectionState } from './connection-state.js';
import type { FunctionPorts } from './function-ports.js';

type DuePorts = Pick<FunctionPorts, 'limits' | 'times'>;

/** Unix milliseconds. */
export function dueAtMs({ limits, times }: DuePorts, state: ConnectionState): number {
  const { session, phase, beganAtMs, pingedAtMs, checkedAtMs } = state;
  if (session === undefined || phase !== 'connected') return beganAtMs + limits.connectTimeoutMs;
  const moments = [
    pingedAtMs + times.pingMs,
    connectionEndsAtMs(state, limits),
    ...session.subscriptions.map((subscription) => subscriptionEndsAtMs(subscription, limits)),
  ];
  // Only what is present is shown to others: the rest may be found dead by its next ping.
  if (session.subscriptions.some(({ present }) => present === true)) {
    // Since the last look, and not the last visit: that renews nothing, and an index is written for each other moment.
    moments.push((checkedAtMs ?? pingedAtMs) + times.presenceCheckMs);
  }
  return Math.min(...moments);
}

/** When a connection without a new token or permission has to end: infinite if it has not. */
export function connectionEndsAtMs(
  { session }: ConnectionState,
  limits: Pick<FunctionPorts['limits'], 'expiredGraceMs'>,
): number {
  const expiresAtMs = session?.identity.expiresAtMs ?? Number.POSITIVE_INFINITY;
  if (!session?.refreshable) return expiresAtMs;
  const { connectedAtMs = 0 } = session;
  return connectedAtMs + newTokenTimeMs(expiresAtMs - connectedAtMs, 0, limits);
}

type RecordedSubscription = NonNullable<ConnectionState['session']>['subscriptions'][number];

function subscriptionEndsAtMs(
  { grant, clientRefresh }: RecordedSubscription,
  { expiredGraceMs }: Pick<FunctionPorts['limits'], 'expiredGraceMs'>,
): number {
  return (grant.expiresAtMs ?? Number.POSITIVE_INFINITY) + (clientRefresh ? expiredGraceMs : 0);
}
