// @ts-check
/** Fanfare from the built package, to which clients may publish too, with its metrics: for loads that come from outside. */
import { channel, fanfare, jwt } from 'fanfare';
import { pino } from 'pino';
import { SECRET } from '../shared/credentials.mjs';
import { hostServer } from './host.mjs';
import { packageVersion } from './package-version.mjs';

hostServer(async () => {
  const app = fanfare({
    log: pino({ level: 'error' }, process.stderr),
    auth: jwt({ secret: SECRET }),
    channels: {
      'bench:{id}': channel({ history: { size: 100, ttl: '5m' }, subscribe: 'user', publish: 'user' }),
    },
    limits: { commandsPerSec: 0 },
  });
  const { port } = await app.listen(0, { metrics: true });
  return {
    version: packageVersion('fanfare'),
    port,
    publish: (data) => app.publish('bench:1', data),
  };
});
