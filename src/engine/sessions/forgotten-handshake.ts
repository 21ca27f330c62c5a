/** The part of the handshake that a session keeps once it is connected. */

import type { Handshake } from '../ports/connection.js';
import type { EngineLimits } from '../ports/limits.js';

const noHeaders: ReadonlyMap<string, string> = new Map();

const forgottenHandshake: Handshake = { headers: noHeaders, url: '', remoteAddress: '' };

/** Headers and address are a third of an idle connection's memory; only admission may still need the address. */
export function forgotten(
  { remoteAddress }: Handshake,
  limits: Pick<EngineLimits, 'maxConnectionsPerAddress'>,
): Handshake {
  return limits.maxConnectionsPerAddress === 0 ? forgottenHandshake : { headers: noHeaders, url: '', remoteAddress };
}
