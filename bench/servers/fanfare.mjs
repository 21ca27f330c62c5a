// @ts-check
/** Fanfare from the built package: authenticated clients on a channel with history. */
import { createServer } from 'node:http';
import { channel, fanfare, jwt } from 'fanfare';
import { CHANNEL, SECRET } from '../shared/credentials.mjs';
import { hostServer } from './host.mjs';
import { listenOnLoopback } from './loopback.mjs';
import { packageVersion } from './package-version.mjs';

hostServer(async () => {
  const http = createServer();
  const app = fanfare({
    transports: { sse: true },
    auth: jwt({ secret: SECRET }),
    channels: { 'bench:{id}': channel({ history: { size: 100, ttl: '5m' }, subscribe: 'user' }) },
  });
  app.attach(http);
  return {
    version: packageVersion('fanfare'),
    port: await listenOnLoopback(http),
    publish: (data) => app.publish(CHANNEL, data),
  };
});
