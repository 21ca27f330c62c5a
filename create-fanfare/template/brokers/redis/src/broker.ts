/** With REDIS_URL several processes are one server. Without it, as in tests, each is alone. */

import { redis } from 'fanfare/redis';

const { REDIS_URL } = process.env;

export const broker = REDIS_URL === undefined ? {} : { broker: redis(REDIS_URL) };
