// @ts-check
/** A function: it gets events from its parent process, and publishes by order of an event. */
import { lambda, redisStore } from '../../../dist/aws/index.js';
import { channel, fanfare } from '../../../dist/index.js';
import { context, errorsAlone, serveEvents } from './serve-events.mjs';

const [url = '', prefix = '', endpoint = '', times = '{}'] = process.argv.slice(2);

const app = fanfare({
  auth: ({ data }) => ({ user: String(/** @type {{ user?: unknown }} */ (data).user) }),
  channels: {
    'chaos:{n}': channel({ subscribe: 'anyone', publish: 'subscriber', presence: true, history: { size: 5_000 } }),
  },
  log: errorsAlone,
});
const handler = lambda(app, { store: redisStore({ url, prefix }), endpoint, times: JSON.parse(times) });

/** @typedef {{ publish?: { channel: `chaos:${string}`, data: string, idempotencyKey: string }, presence?: `chaos:${string}` }} Order */

/** @param {Order} event */
async function answerTo(event) {
  const { publish, presence } = event;
  if (publish !== undefined) {
    return app.publish(publish.channel, publish.data, { idempotencyKey: publish.idempotencyKey });
  }
  if (presence !== undefined) return (await app.presence(presence)).map(({ client }) => client);
  return handler(event, { ...context });
}

serveEvents(answerTo);
