/** Sign-in by an Express session: users who are signed in on the site are signed in on its socket. */

import { parseCookie } from 'cookie';
import { unsign } from 'cookie-signature';
import express from 'express';
import session, { MemoryStore, type SessionData } from 'express-session';
import { channel, fanfare } from 'fanfare';
import { type RunningExample, runIfMain, serve, userOf } from './example-server.js';

declare module 'express-session' {
  interface SessionData {
    user: string;
  }
}

/** In production: from the environment. Signs the cookie, so that nobody can guess a session's id. */
const secret = process.env.SESSION_SECRET ?? 'only for trying: set SESSION_SECRET';
const cookieName = 'connect.sid';

export function startSessionExample(port: number): Promise<RunningExample> {
  // In production: a store that the site's other processes share.
  const store = new MemoryStore();

  const app = fanfare({
    // The same cookie, the same store. A request with cookies must say which page it comes from (Origin), and pages of
    // other sites are refused: nobody can use a visitor's session from another site.
    auth: async ({ headers }) => {
      const found = await sessionOf(headers.get('cookie'));
      if (found?.user === undefined) return null;
      const { expires } = found.cookie;
      return { user: found.user, ...(expires && { expiresAt: new Date(expires).getTime() / 1_000 }) };
    },
    channels: { 'inbox:{user}': channel({ subscribe: ({ user, params }) => user === params.user }) },
  });

  async function sessionOf(cookies: string | undefined): Promise<SessionData | undefined> {
    const signed = parseCookie(cookies ?? '')[cookieName];
    const id = signed?.startsWith('s:') ? unsign(signed.slice(2), secret) : false;
    if (id === false) return undefined;
    return new Promise((resolve, reject) => {
      store.get(id, (error, data) => (error ? reject(error) : resolve(data ?? undefined)));
    });
  }

  const site = express();
  site.use(express.json());
  site.use(
    session({
      name: cookieName,
      secret,
      store,
      resave: false,
      saveUninitialized: false,
      // In production also `secure: true`, which needs https.
      cookie: { httpOnly: true, sameSite: 'lax', maxAge: 3_600_000 },
    }),
  );

  site.post('/sign-in', (request, response) => {
    const user = userOf(request.body);
    if (user === undefined) {
      response.sendStatus(401);
      return;
    }
    // A new id for a new user, so that an id planted before is of no use.
    request.session.regenerate(() => {
      request.session.user = user;
      response.json({ user });
    });
  });

  site.post('/sign-out', (request, response) => {
    const { user } = request.session;
    request.session.destroy(async () => {
      try {
        // Open connections close; their clients reconnect with a session that no longer exists, and are refused.
        if (user !== undefined) await app.disconnect(user, { reconnect: true });
        response.sendStatus(204);
      } catch {
        // The other nodes cannot be reached, and may still have connections of this user.
        response.sendStatus(503);
      }
    });
  });

  return serve(site, app, port);
}

await runIfMain(import.meta.url, startSessionExample);
