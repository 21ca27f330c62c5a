// @ts-check
/** Fanfare from the built package, to which clients may publish too: the application of several servers under test. */
import { channel, fanfare, jwt } from 'fanfare';
import { pino } from 'pino';
import { CHANNEL, SECRET } from '../shared/credentials.mjs';
import { hostServer } from './host.mjs';
import { packageVersion } from './package-version.mjs';

/** V8 compiles what runs often, so that the first thousands of publications cost several times what all later ones do. */
const WARM_UP_PUBLICATIONS = 5_000;

/**
 * @param {Pick<import('fanfare').FanfareOptions, 'tracing'>} options
 * @param {import('fanfare').ListenOptions} listen
 */
export function openApp(options, listen) {
  hostServer(async () => {
    const app = fanfare({
      ...options,
      log: pino({ level: 'error' }, process.stderr),
      auth: jwt({ secret: SECRET }),
      channels: {
        'bench:{id}': channel({ history: { size: 100, ttl: '5m' }, subscribe: 'user', publish: 'user' }),
      },
      limits: { commandsPerSec: 0 },
    });
    const { port } = await app.listen(0, listen);
    for (let i = 0; i < WARM_UP_PUBLICATIONS; i++) await app.publish('bench:warm-up', { i });
    return { version: packageVersion('fanfare'), port, publish: (data) => app.publish(CHANNEL, data) };
  });
}
