/** `fanfare token --explain`: explains how the server would judge a token, without secrets or payloads. */

import type { Config } from '../config/config.js';
import { readConnectionClaims, readSubscriptionClaims } from '../engine/auth/claims.js';
import { nobody } from '../engine/auth/token-authenticator.js';
import { cite, TokenFault } from '../engine/auth/token-fault.js';
import { type ReadToken, TokenReader } from '../engine/auth/token-form.js';
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
  const refused = (fault: TokenFault) => {
    error(`refused: ${fault.explain()}`);
    const { option } = fault;
    if (option !== undefined) terminal.err(`what decides it: ${option}`);
    return exitCodes.failed;
  };
  const read = new TokenReader().read(token);
  if (read instanceof TokenFault) return refused(read);
  for (const line of description(read)) terminal.out(harmless(line));
  const payload = await verifier.verify(token);
  if (payload instanceof TokenFault) return refused(payload);
  for (const { message } of verifier.notesOn(payload).notes ?? []) {
    terminal.err(`${terminal.styleErr('yellow', 'warning')} ${typeof message === 'string' ? message : message()}`);
  }
  const accepted = verdict(payload, config);
  if (accepted instanceof TokenFault) return refused(accepted);
  terminal.out(harmless(accepted));
  return exitCodes.ok;
}

/** Its claims, verified or not. */
function description({ header, payload }: ReadToken): string[] {
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

function verdict(payload: Readonly<Record<string, unknown>>, { values }: Config): string | TokenFault {
  if (payload.channel !== undefined) {
    const claims = readSubscriptionClaims(payload);
    if (claims instanceof TokenFault) return claims;
    const { user, client, channel } = claims;
    const whom = client === undefined ? `the user ${cite(user)}` : `the connection ${cite(client)}`;
    return `accepted: a subscription token for ${cite(channel)}, of ${whom}`;
  }
  const claims = readConnectionClaims(payload);
  if (claims instanceof TokenFault) return claims;
  const { user } = claims;
  if (user === '' && !values.anonymous) return nobody();
  return user === ''
    ? 'accepted: a connection token of an anonymous user'
    : `accepted: a connection token of ${cite(user)}`;
}
