/** The token that is sent, and why one was refused: from its claims, the clocks, and the secret if that is known. */

import type { Config } from '../../config/config.js';
import { cite, TokenFault } from '../../engine/auth/token-fault.js';
import { TokenReader } from '../../engine/auth/token-form.js';
import { disconnectCodes, errorCodes } from '../../model/codes.js';
import { tokenVerifierOf } from '../../server/from-config.js';
import { signToken } from '../signed-token.js';
import type { Reply } from './conversation.js';
import type { Findings, TellFault } from './finding.js';
import { formatSkew } from './health.js';

const ttlMs = 300_000;
const maxSkewMs = 10_000;

export class Credentials {
  /** @param given a token; otherwise one is made when there is a secret */
  constructor(
    private readonly config: Config,
    private readonly given: string | undefined,
    private readonly user: string,
  ) {}

  async token(): Promise<string | undefined> {
    return this.given ?? (await signToken(this.config, { user: this.user, ttlMs }));
  }

  /** Only what is signed here: a token that was given is for the connection. */
  async subscriptionToken(channel: string): Promise<string | undefined> {
    if (this.given !== undefined) return undefined;
    return signToken(this.config, { user: this.user, ttlMs, channel });
  }

  /** For the reply to `connect`. */
  async explain(reply: Exclude<Reply, { kind: 'reply' }>, clockAheadMs: number, findings: Findings): Promise<void> {
    const fault = findings.fault.bind(findings, 'token');
    const token = await this.token();
    if (reply.kind === 'silence') {
      findings.fault(
        'websocket',
        'silent-websocket',
        'the WebSocket is open, and nothing comes over it: no reply to connect',
      );
      return;
    }
    const said =
      reply.kind === 'error' ? `${reply.message} (${reply.code})` : `${reply.reason || 'closed'} (${reply.code})`;
    if (reply.code === disconnectCodes.permissionDenied.code) fault('no-way-in', `the server lets nobody in: ${said}`);
    else if (reply.code === disconnectCodes.shutdown.code) fault('draining', `the node is draining: ${said}`);
    else if (reply.code === 1006)
      findings.fault('websocket', 'silent-websocket', 'the WebSocket is cut as soon as it is open');
    else if (!isAboutToken(reply.code)) fault('refused', `the server refuses the connection: ${said}`);
    else if (token === undefined) fault('token-missing', `the server wants a token: ${said}`);
    else await this.#explainToken(token, said, clockAheadMs, fault);
  }

  async #explainToken(token: string, said: string, clockAheadMs: number, fault: TellFault): Promise<void> {
    const read = new TokenReader().read(token);
    if (read instanceof TokenFault) return fault('token', `this is no token: ${read.explain()}`);
    const { exp, nbf, iat } = read.payload;
    const hereMs = Date.now();
    const thereMs = hereMs + clockAheadMs;
    const skewed =
      Math.abs(clockAheadMs) > maxSkewMs ? `; the server's clock is ${formatSkew(clockAheadMs)} this one` : '';
    if (typeof nbf === 'number' && nbf * 1_000 > thereMs) {
      return fault(
        'clock',
        `the token is not valid yet (nbf is ${formatSkew(nbf * 1_000 - thereMs)} the server's clock): who made it has another time${skewed}`,
      );
    }
    if (typeof exp === 'number' && exp * 1_000 <= thereMs) {
      const isClock = exp * 1_000 > hereMs || (typeof iat === 'number' && iat * 1_000 > thereMs + maxSkewMs);
      return fault(
        isClock ? 'clock' : 'token-expired',
        `the token has expired: exp is ${formatSkew(exp * 1_000 - thereMs)} the server's clock${skewed}`,
      );
    }
    const verdict = await this.#verdict(token);
    if (this.given === undefined)
      return fault(
        'secret',
        `the server refuses a token made with the secret that was given: ${said}. Its own is another`,
      );
    if (verdict === undefined)
      return fault(
        'secret',
        `the server refuses the token (${said}), which is in time: it is signed with another secret, or for another audience. --secret tells which`,
      );
    if (verdict instanceof TokenFault) {
      const isSignature = verdict.option === 'token.secret';
      return fault(isSignature ? 'secret' : 'token', `the server refuses the token (${said}): ${verdict.explain()}`);
    }
    fault('secret', `the server refuses a token that is good by the secret here: ${said}. Its own is another`);
  }

  /** `undefined` without a secret to check it with. */
  async #verdict(token: string): Promise<TokenFault | object | undefined> {
    const verifier = tokenVerifierOf(this.config);
    return verifier?.verify(token);
  }
}

function isAboutToken(code: number): boolean {
  return [disconnectCodes.invalidToken.code, errorCodes.tokenExpired.code, errorCodes.unauthorized.code].some(
    (known) => known === code,
  );
}

/** What is odd about a token that was accepted. */
export function noteIssue(token: string, clockAheadMs: number, findings: Findings): void {
  const read = new TokenReader().read(token);
  if (read instanceof TokenFault) return;
  const { iat } = read.payload;
  const aheadMs = typeof iat === 'number' ? iat * 1_000 - Date.now() - clockAheadMs : 0;
  if (aheadMs > maxSkewMs)
    findings.warning(
      'token',
      'clock',
      `the token was made ${cite(Math.round(aheadMs / 1_000))} s from now by the server's clock (iat): who made it has another time`,
    );
}
