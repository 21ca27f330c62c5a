/** Sign-in by a token that the client requests and passes to `connect()`: for apps, and for sites on other hosts. */

import express from 'express';
import { channel, fanfare, jwt } from 'fanfare';
import { SignJWT } from 'jose';
import { type RunningExample, runIfMain, serve, userOf } from './example-server.js';

/** Shared by Fanfare and the code that makes tokens; at least 32 bytes. */
const secret = process.env.FANFARE_TOKEN_SECRET ?? 'only for trying: set FANFARE_TOKEN_SECRET';
/** Short: while the user is signed in, the client gets the next one by itself. */
const lifeSec = 300;

export function startTokenExample(port: number): Promise<RunningExample> {
  const app = fanfare({
    auth: jwt({ secret }),
    channels: { 'inbox:{user}': channel({ subscribe: ({ user, params }) => user === params.user }) },
  });

  const site = express();
  // In the page: connect(url, { token: async () => (await (await fetch('/token', …)).json()).token })
  site.post('/token', express.json(), async (request, response) => {
    const user = userOf(request.body);
    if (user === undefined) {
      response.sendStatus(401);
      return;
    }
    const token = await new SignJWT()
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(user)
      .setIssuedAt()
      .setExpirationTime(`${lifeSec}s`)
      .sign(new TextEncoder().encode(secret));
    response.json({ token });
  });

  return serve(site, app, port);
}

await runIfMain(import.meta.url, startTokenExample);
