/** Makes connection tokens as a backend would, one for each user of a worker, before the load begins. */

import { SignJWT } from 'jose/jwt/sign';
import { rampMs } from './assignment.js';
import type { Scenario } from './scenario.js';

/** Longer than any run may wait for its end. */
const spareSec = 3_600;

/** By user; empty without a secret. */
export async function mintTokens(scenario: Scenario, users: Iterable<string>): Promise<ReadonlyMap<string, string>> {
  const { secret, warmUp, duration } = scenario;
  const tokens = new Map<string, string>();
  if (secret === undefined) return tokens;
  const key = new TextEncoder().encode(secret);
  const nowSec = Math.floor(Date.now() / 1_000);
  const expirySec = nowSec + Math.ceil((rampMs(scenario) + warmUp + duration) / 1_000) + spareSec;
  for (const user of new Set(users)) {
    const token = new SignJWT({}).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).setSubject(user);
    tokens.set(user, await token.setIssuedAt(nowSec).setExpirationTime(expirySec).sign(key));
  }
  return tokens;
}
