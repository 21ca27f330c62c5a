/** `fanfare token --explain`: what the server would say to a token, in words. Nothing of the secret, and no payload. */

import type { Config } from '../config/config.js';
import { readConnectionClaims, readSubscriptionClaims } from '../engine/auth/claims.js';
import { nobody, oddities } from '../engine/auth/token-authenticator.js';
import { cite, TokenFault } from '../engine/auth/token-fault.js';
import { readToken } from '../engine/auth/token-form.js';
import { tokenVerifierOf } from '../server/from-config.js';
import { exitCodes } from './command.js';
import { harmless } from './printable.js';
import type { Terminal } from './terminal.js';

/** @returns the exit code: 1 when it would be refused */
export async function explainToken(token: string, config: Config, terminal: Terminal): Promise<number> {
  const error = (text: string) => terminal.err(`${terminal.styleErr('red', 'error')} ${harmless(text)}`);
  const verifier = tokenVerifierOf(config);
  if (verifier === undefined) {
    error('there is no key to check it with: set token.secret, token.keys or token.jwks');
    return exitCodes.failed;
  }
  try {
    for (const line of description(token)) terminal.out(harmless(line));
    const payload = await verifier.verify(token);
    for (const { message } of oddities(payload)) {
      terminal.err(`${terminal.styleErr('yellow', 'warning')} ${typeof message === 'string' ? message : message()}`);
    }
    terminal.out(harmless(verdict(payload, config)));
    return exitCodes.ok;
  } catch (fault) {
    if (!(fault instanceof TokenFault)) throw fault;
    error(`refused: ${fault.explain()}`);
    const { option } = fault;
    if (option !== undefined) terminal.err(`what decides it: ${option}`);
    return exitCodes.failed;
  }
}

/** What it says of itself, true or not. */
function description(token: string): string[] {
  const { header, payload } = readToken(token);
  const { sub, iss, aud, channel } = payload;
  const claims = Object.entries({ sub, channel, iss, aud }).filter(([, value]) => value !== undefined);
  const dates = (['iat', 'nbf', 'exp'] as const).flatMap((name) => {
    const value: unknown = payload[name];
    return value === undefined ? [] : [`${name}: ${cite(value)}${dateOf(value)}`];
  });
  return [
    `alg: ${cite(header.alg)}${header.kid === undefined ? '' : `, kid: ${cite(header.kid)}`}`,
    ...claims.map(([name, value]) => `${name}: ${cite(value)}`),
    ...dates,
    `claims: ${
      Object.keys(payload)
        .slice(0, 50)
        .map((name) => cite(name))
        .join(', ') || 'none'
    }`,
  ];
}

function dateOf(value: unknown): string {
  const ms = Number(value) * 1_000;
  return typeof value === 'number' && Math.abs(ms) <= 8.64e15 ? ` (${new Date(ms).toISOString()})` : '';
}

/** @throws TokenFault */
function verdict(payload: Readonly<Record<string, unknown>>, { values }: Config): string {
  if (payload.channel !== undefined) {
    const { user, client, channel } = readSubscriptionClaims(payload);
    const whom = client === undefined ? `the user ${cite(user)}` : `the connection ${cite(client)}`;
    return `accepted: a subscription token for ${cite(channel)}, of ${whom}`;
  }
  const { user } = readConnectionClaims(payload);
  if (user === '' && !values.anonymous) throw nobody();
  return user === ''
    ? 'accepted: a connection token of nobody in particular'
    : `accepted: a connection token of ${cite(user)}`;
}
