/** Sign-in by a token in a cookie, encrypted as Auth.js does it: no session store, one secret on both sides. */

import { hkdfSync } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import express from 'express';
import { channel, fanfare } from 'fanfare';
import { EncryptJWT, jwtDecrypt } from 'jose';
import { type RunningExample, runIfMain, serve, userOf } from './example-server.js';

/** AUTH_SECRET of the site on which users sign in. */
const secret = process.env.AUTH_SECRET ?? 'only for trying: set AUTH_SECRET';
/** On https, Auth.js calls it `__Secure-authjs.session-token`. The key depends on the name. */
const cookieName = 'authjs.session-token';
const lifeSec = 3_600;

const key = new Uint8Array(
  hkdfSync('sha256', secret, cookieName, `Auth.js Generated Encryption Key (${cookieName})`, 64),
);

/** The user in a cookie that is genuine and not expired, and the time of its expiry. */
async function readCookie(token: string): Promise<{ readonly user: string; readonly expiresAt: number } | null> {
  try {
    const { payload } = await jwtDecrypt(token, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256CBC-HS512'],
      requiredClaims: ['sub', 'exp'],
    });
    const { sub = '', exp = 0 } = payload;
    return { user: sub, expiresAt: exp };
  } catch {
    // Forged, made with another secret or expired: the sender gets the same answer.
    return null;
  }
}

export function startCookieExample(port: number): Promise<RunningExample> {
  const app = fanfare({
    // A request with cookies must say which page it comes from (Origin); pages of other sites are refused.
    auth: ({ headers }) => {
      const token = parseCookie(headers.get('cookie') ?? '')[cookieName];
      return token === undefined ? null : readCookie(token);
    },
    channels: { 'inbox:{user}': channel({ subscribe: ({ user, params }) => user === params.user }) },
  });

  // Auth.js does this part in a real site.
  const site = express();
  site.post('/sign-in', express.json(), async (request, response) => {
    const user = userOf(request.body);
    if (user === undefined) {
      response.sendStatus(401);
      return;
    }
    const token = await new EncryptJWT({ name: user })
      .setProtectedHeader({ alg: 'dir', enc: 'A256CBC-HS512' })
      .setSubject(user)
      .setIssuedAt()
      .setExpirationTime(`${lifeSec}s`)
      .encrypt(key);
    // In production also `secure: true`, which needs https.
    const options = { path: '/', httpOnly: true, sameSite: 'lax', maxAge: lifeSec } as const;
    response.setHeader('Set-Cookie', stringifySetCookie(cookieName, token, options)).json({ user });
  });

  return serve(site, app, port);
}

await runIfMain(import.meta.url, startCookieExample);
