/** The chat example, unchanged, as the handler of a function over Redis: an emulated DynamoDB is slow. */

import { consoleLog, lambda, redisStore } from 'fanfare/aws';
import { chatApp } from '../../../examples/chat/app.js';

const { REDIS_URL = '', ENDPOINT = '' } = process.env;
/** Leases, and what has to be delivered late, are looked for as often as the test sweeps. */
const times = { leaseMs: 2_000, lateMs: 1_500, orderMs: 200, presenceCheckMs: 5_000 };

export const handler = lambda(chatApp({ log: consoleLog({ level: 'error' }) }), {
  store: redisStore(REDIS_URL),
  endpoint: ENDPOINT,
  times,
});
