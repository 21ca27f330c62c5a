/** Authentication in which a token is its own claims, as JSON: who it is for is believed, and when it ends is checked. */

import { readConnectionClaims } from '../../../src/engine/auth/claims.js';
import { TokenFault } from '../../../src/engine/auth/token-fault.js';
import type { Authenticator, Identity } from '../../../src/engine/ports/authenticator.js';
import type { Clock } from '../../../src/engine/ports/clock.js';
import { type Decision, refuse } from '../../../src/engine/ports/decision.js';
import { disconnectCodes, errorCodes } from '../../../src/model/codes.js';

/** As the server's own authentication has it. */
const leewayMs = 5_000;

export function claimedAuth(clock: Clock): Authenticator {
  const judge = async (token: string | undefined): Promise<Decision<{ readonly identity: Identity }>> => {
    const identity = readConnectionClaims(JSON.parse(token ?? '{}'));
    if (identity instanceof TokenFault) return { ok: false, disconnect: disconnectCodes.invalidToken };
    const { expiresAtMs } = identity;
    if (expiresAtMs !== undefined && expiresAtMs + leewayMs <= clock.wallMs()) return refuse(errorCodes.tokenExpired);
    return { ok: true, identity };
  };
  return { connect: ({ token }) => judge(token), refresh: judge };
}
