/** Rooms in which everybody reads and writes. */

import { channel, fanfare } from 'fanfare';
import { z } from 'zod';
import { access } from './access.ts';
import { broker } from './broker.ts';

const message = z.object({ name: z.string().min(1).max(40), text: z.string().min(1).max(2000) });
export type ChatMessage = z.infer<typeof message>;

export const app = fanfare({
  ...access,
  ...broker,
  channels: {
    'chat:{room}': channel({
      message,
      subscribe: 'anyone',
      publish: 'anyone',
      history: { size: 100, ttl: '24h' },
      presence: true,
    }),
  },
});
export type App = typeof app;

/** What the server does by itself: nothing here. */
export function begin(): () => void {
  return () => undefined;
}
