/** An application's authenticator whose clients are found by their user and token before they hear that they are in. */

import { type Authenticator, abilitiesOf, type Identity } from '../engine/ports/authenticator.js';

/** @param find resolves when orders for that user, and for that token, reach the connection */
export function findableAuth(auth: Authenticator, find: (identity: Identity) => Promise<void>): Authenticator {
  const found = async <Found extends Awaited<ReturnType<Authenticator['connect']>>>(decision: Found) => {
    if (decision.ok) await find(decision.identity);
    return decision;
  };
  const { refresh, ...abilities } = abilitiesOf(auth);
  return {
    ...abilities,
    connect: async (attempt) => found(await auth.connect(attempt)),
    ...(refresh && { refresh: async (token: string) => found(await refresh(token)) }),
  };
}
