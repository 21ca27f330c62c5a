/** Counts refused tokens by the check that they did not pass. */

import { type Authenticator, abilitiesOf } from '../ports/authenticator.js';
import { Counters } from '../ports/counters.js';
import type { Decision, Denied } from '../ports/decision.js';
import { ticketPrefix } from './tickets.js';

/** The checks of tokens, as the log has them after `token`; `missing`: there is none; `ticket`: it is unknown, used or expired. */
export const tokenChecks: readonly string[] = [
  'missing',
  'ticket',
  'length',
  'form',
  'algorithm',
  'key',
  'keys',
  'signature',
  'issuer',
  'audience',
  'claim',
  'expiry',
  'start',
];

const prefix = 'token';

/** Does what the authenticator does. It keeps its abilities. */
export function countTokenRefusals(auth: Authenticator, counters: Pick<Counters, 'tokenRefusals'>): Authenticator {
  const counted = <Outcome extends Decision>(outcome: Outcome, token: string | undefined): Outcome => {
    if (!outcome.ok) {
      const check = checkOf(outcome, token);
      if (check !== undefined) Counters.add(counters.tokenRefusals, check);
    }
    return outcome;
  };
  const { refresh, subscribe, ...others } = abilitiesOf(auth);
  return {
    ...others,
    connect: async (attempt) => counted(await auth.connect(attempt), attempt.token),
    ...(refresh && { refresh: async (token) => counted(await refresh(token), token) }),
    ...(subscribe && { subscribe: async (token, ...about) => counted(await subscribe(token, ...about), token) }),
  };
}

/** `undefined`: it was not refused for its token. */
function checkOf({ why }: Denied, token: string | undefined): string | undefined {
  if (token?.startsWith(ticketPrefix)) return 'ticket';
  if (why?.check === prefix) return token === undefined ? 'missing' : 'key';
  return why?.check.startsWith(`${prefix} `) ? why.check.slice(prefix.length + 1) : undefined;
}
