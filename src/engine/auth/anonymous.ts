/** Accepts clients without a token as anonymous. */

import { disconnectCodes } from '../../model/codes.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import { type Authenticator, abilitiesOf } from '../ports/authenticator.js';

/** Tokens go to `tokens`; without one the client is anonymous. Without `tokens`, a client with a token is refused. */
export function allowAnonymous(tokens: Authenticator | undefined): Authenticator {
  return {
    ...(tokens && abilitiesOf(tokens)),
    async connect(attempt) {
      if (attempt.token === undefined) return { ok: true, identity: { user: '' } };
      if (tokens !== undefined) return tokens.connect({ ...attempt, allowsNobody: true });
      return { ok: false, disconnect: disconnectCodes.invalidToken, why: noKeys };
    },
  };
}

/** Refuses all clients: the default without authentication options. */
export const denyAll: Authenticator = {
  async connect() {
    return { ok: false, disconnect: disconnectCodes.permissionDenied, why: nobodyGetsIn };
  },
};

const noKeys: RefusalLine = {
  check: 'token',
  key: 'no keys',
  fields: { option: 'token.secret' },
  message: 'connect refused: it has a token, and there is no key to check it with (auth: jwt(…), token.secret)',
};

const nobodyGetsIn: RefusalLine = {
  check: 'auth',
  fields: { option: 'auth' },
  message: 'connect refused: nobody gets in, since neither auth (token.secret) nor anonymous is set',
};
