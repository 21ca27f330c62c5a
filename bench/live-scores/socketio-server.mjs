// @ts-check
/** The twin on Socket.IO, as `build.mjs` has bundled it. */
import { createServer } from 'node:http';
import { listenOnLoopback } from '../servers/loopback.mjs';
import { twinBundle } from './build.mjs';
import { hostScores } from './play.mjs';

hostScores(async () => {
  const { TwinServer } = await import(twinBundle.href);
  const http = createServer();
  const twin = new TwinServer(http, { tokenSecret: 'a secret for the bench, of 32 bytes or more', code: 'code' });
  return { port: await listenOnLoopback(http), publish: (lines) => twin.publish(lines) };
});
