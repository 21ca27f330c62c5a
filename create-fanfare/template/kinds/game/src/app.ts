/** Players who move on one field. The server decides where they are, and tells all of them 20 times a second. */

import { channel, fanfare, rpc } from 'fanfare';
import { z } from 'zod';
import { access } from './access.ts';
import { broker } from './broker.ts';

export const field = { width: 100, height: 60 };
const speed = 2;
const tickMs = 50;
/** A player who has not been heard of for so long is gone. */
const awayMs = 10_000;

const player = z.object({ id: z.string(), x: z.number(), y: z.number() });
export type Player = z.infer<typeof player>;

/** By the id of the connection. With several processes, a room's players belong on one of them. */
const players = new Map<string, Player & { seenMs: number }>();

export const app = fanfare({
  ...access,
  ...broker,
  channels: {
    // The newest state is all that counts: no history, and a slow reader gets the latest.
    'field:{room}': channel({ message: z.object({ players: z.array(player) }), subscribe: 'anyone', slow: 'latest' }),
  },
  rpc: {
    move: rpc({
      allow: 'anyone',
      input: z.object({ dx: z.number().min(-1).max(1), dy: z.number().min(-1).max(1) }),
      run: ({ dx, dy }, { client }) => {
        const { x, y } = players.get(client) ?? { x: field.width / 2, y: field.height / 2 };
        const moved = {
          id: client,
          x: Math.min(field.width, Math.max(0, x + dx * speed)),
          y: Math.min(field.height, Math.max(0, y + dy * speed)),
        };
        players.set(client, { ...moved, seenMs: Date.now() });
        return moved;
      },
    }),
  },
});
export type App = typeof app;

/** The tick. Where nobody is, nothing is sent. */
export function begin(): () => void {
  const timer = setInterval(() => {
    for (const [id, { seenMs }] of players) if (Date.now() - seenMs > awayMs) players.delete(id);
    if (players.size === 0) return;
    const state = { players: [...players.values()].map(({ id, x, y }) => ({ id, x, y })) };
    // What fails here is in the log of the server; the next state comes with the next tick.
    app.publish('field:1', state).catch(() => undefined);
  }, tickMs);
  return () => clearInterval(timer);
}
