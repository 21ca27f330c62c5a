/** Values that the server publishes, and that everybody may watch. */

import { cpus, loadavg } from 'node:os';
import { channel, fanfare } from 'fanfare';
import { z } from 'zod';
import { access } from './access.ts';
import { broker } from './broker.ts';

const sample = z.object({ value: z.number(), atMs: z.number() });
export type Sample = z.infer<typeof sample>;

export const app = fanfare({
  ...access,
  ...broker,
  channels: {
    // Nobody but the server publishes. The last minute is kept for who comes later.
    'metric:{name}': channel({ message: sample, subscribe: 'anyone', history: { size: 60, ttl: '1m' } }),
  },
});
export type App = typeof app;

const everyMs = 1_000;

/** Publishes the load of this machine: put your own source here. */
export function begin(): () => void {
  const timer = setInterval(() => {
    const value = (loadavg()[0] ?? 0) / cpus().length;
    // What fails here is in the log of the server; the next value comes in a second.
    app.publish('metric:load', { value, atMs: Date.now() }).catch(() => undefined);
  }, everyMs);
  return () => clearInterval(timer);
}
