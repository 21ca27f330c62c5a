/** An application with what type tests need: patterns that overlap, a transforming schema, procedures. */

import { bytes, channel, fanfare, rpc } from 'fanfare';
import { z } from 'zod';

export const app = fanfare({
  channels: {
    'chat:{room}': channel({ message: z.object({ text: z.string(), size: z.number().default(1) }) }),
    'match:{id}': channel({ message: z.object({ home: z.number(), away: z.number() }) }),
    'match:{id}:{period}': channel({ message: z.object({ minute: z.number() }) }),
    'files:{path*}': channel({ message: z.string() }),
    'frames:{match}': channel({ message: bytes() }),
    news: channel(),
  },
  rpc: {
    add: rpc({ input: z.object({ a: z.number(), b: z.number() }), run: ({ a, b }) => a + b }),
    rooms: rpc({ run: async () => ['lobby'] }),
    find: rpc({ input: z.string().optional(), run: (name) => ({ name: name ?? null }) }),
  },
});

export type Arena = typeof app;
