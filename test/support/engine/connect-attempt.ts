/** What an authenticator is asked about a client that brings a token, and what it decides. */

import type { ConnectAttempt } from '../../../src/engine/ports/authenticator.js';
import type { Decision } from '../../../src/engine/ports/decision.js';

export function attempt(token: string | undefined, more: Partial<ConnectAttempt> = {}): ConnectAttempt {
  const handshake = { headers: new Map(), url: '/', remoteAddress: '127.0.0.1' };
  const connection = { client: 'c', transport: 'websocket', standIns: new Map(), name: '', version: '' };
  return { token, data: undefined, handshake, ...connection, ...more };
}

/** The user that was let in, or the code of the refusal. */
export function outcomeOf(outcome: Decision<{ readonly identity: object }>): string | number {
  if (outcome.ok) return 'user' in outcome.identity ? String(outcome.identity.user) : 'accepted';
  return 'error' in outcome ? outcome.error.code : outcome.disconnect.code;
}
