// @ts-check
/** Fanfare from the built package: clients with signed tokens, channels with a history, the server API. */
import { channel, fanfare, jwt, rpc } from 'fanfare';
import { pino } from 'pino';
import { hostNode } from '../../brokers/node-host.mjs';
import { packageVersion } from '../../servers/package-version.mjs';
import { SECRET } from '../../shared/credentials.mjs';
import { API_KEY } from '../programs.mjs';

/** @typedef {{ historySize: number, presence: boolean, redisUrl?: string, connectsPerSec?: number, batch?: import('../../../src/engine/time/duration.js').Duration }} ServerOptions */

hostNode(async (/** @type {ServerOptions} */ { historySize, presence, redisUrl, connectsPerSec, batch }) => {
  const app = fanfare({
    // Refusals and warnings about these rules are not part of the report.
    log: pino({ level: 'error' }, process.stderr),
    auth: jwt({ secret: SECRET }),
    ...(redisUrl && { broker: (await import('fanfare/redis')).redis(redisUrl) }),
    channels: {
      'bench:{id}': channel({
        subscribe: 'user',
        publish: 'subscriber',
        ...(historySize > 0 && { history: { size: historySize, ttl: '5m' } }),
        ...(batch && { batch }),
        ...(presence && { presence: true, joinLeave: 'push' }),
      }),
    },
    rpc: { echo: rpc({ run: (data) => data }) },
    limits: { commandsPerSec: 0, ...(connectsPerSec && { connectsPerSec, connectBurst: 1 }) },
  });
  // Resolves when the broker is connected too.
  const { url } = await app.listen(0, { api: { keys: API_KEY } });
  return {
    version: packageVersion('fanfare'),
    port: Number(new URL(url).port),
    publish: (name, data) => app.publish(/** @type {`bench:${string}`} */ (name), data),
    reached: () => 0,
  };
});
