/** The arena's server over Socket.IO: signing in, rates, checks, entering a room, and everything that a page sends. */

import { createHash } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import { createClient } from '@redis/client';
import { createAdapter } from '@socket.io/redis-adapter';
import { Server, type Socket } from 'socket.io';
import * as v from 'valibot';
import { decodeInput } from '../../../examples/arena/game/input-codec.js';
import { Rooms, type RoomsOptions } from '../../../examples/arena/rooms/rooms.js';
import { type Answer, type Entered, inputMessage, playWish, watchWish } from './messages.js';
import { playersOf, SocketIoNetwork, spectatorsOf } from './network.js';
import { RateLimit } from './rate-limit.js';
import { RedisStore } from './redis-store.js';
import { MemoryStore, type Store } from './store.js';

export interface TwinOptions extends RoomsOptions {
  /** Several nodes share their rooms over it. Absent: one node. */
  readonly redisUrl?: string | undefined;
}

const secret = /^[\w-]{20,64}$/;

export async function twinServer(http: HttpServer, { redisUrl, ...options }: TwinOptions = {}) {
  const redis = redisUrl === undefined ? undefined : await RedisStore.connect(redisUrl);
  const store: Store = redis ?? new MemoryStore();
  const adapter = redisUrl === undefined ? undefined : await redisAdapter(redisUrl);
  const io = new Server(http, { transports: ['websocket', 'polling'], maxHttpBufferSize: 4_096, ...adapter?.options });
  const rooms = new Rooms({ onError: (error) => console.error('room', error), ...options });
  rooms.connect(new SocketIoNetwork(io, store));

  io.use((socket, next) => {
    const token: unknown = socket.handshake.auth.secret;
    if (typeof token !== 'string' || !secret.test(token)) {
      next(new Error('invalid secret'));
      return;
    }
    socket.data.user = createHash('sha256').update(token).digest('base64url').slice(0, 16);
    next();
  });

  io.on('connection', (socket) => {
    // safe: set above
    const user = socket.data.user as string;
    limitRate(socket);

    socket.on('play', async (wish: unknown, answer: unknown) => {
      await answered(answer, async () => {
        const { name, room: wished } = v.parse(playWish, wish);
        const room = await rooms.play({ user, name }, wished);
        if (room === undefined) throw new Refusal(1503, 'no room has a place: try again');
        return { ...(await entered(socket, room, playersOf(room))), player: user };
      });
    });

    socket.on('watch', async (wish: unknown, answer: unknown) => {
      await answered(answer, async () => {
        const room = await rooms.watch(v.parse(watchWish, wish).room);
        if (room === undefined) throw new Refusal(1404, 'nobody plays at the moment');
        return entered(socket, room, spectatorsOf(room));
      });
    });

    /** A page that comes back wants what it had. */
    socket.on('resume', async (wish: unknown, answer: unknown) => {
      await answered(answer, async () => {
        const { room, isPlayer } = v.parse(v.object({ room: v.string(), isPlayer: v.boolean() }), wish);
        await rooms.keep(room);
        return { ...(await entered(socket, room, isPlayer ? playersOf(room) : spectatorsOf(room))), player: user };
      });
    });

    socket.on('scores', async (room: unknown, answer: unknown) => {
      await answered(answer, async () => {
        const id = v.parse(v.string(), room);
        if (!socket.rooms.has(playersOf(id)) && !socket.rooms.has(spectatorsOf(id)))
          throw new Refusal(103, 'not in this room');
        return store.scores(id);
      });
    });

    socket.on('input', async (room: unknown, bytes: unknown, answer: unknown) => {
      await answered(answer, async () => {
        const id = v.parse(v.string(), room);
        const input = v.parse(inputMessage, bytes);
        if (!socket.rooms.has(playersOf(id))) throw new Refusal(103, 'not in this room');
        if (decodeInput(input) === undefined) throw new Refusal(1400, 'not an input');
        await store.send(id, `input:${user}`, input);
        return null;
      });
    });

    socket.on('leave', (room: unknown) => {
      if (typeof room !== 'string') return;
      socket.leave(playersOf(room));
      socket.leave(spectatorsOf(room));
    });
  });

  /** From then on it gets changes, which are newer than what it is answered; who comes later is told the rest. */
  async function entered(socket: Socket, room: string, readers: string): Promise<Entered> {
    await socket.join(readers);
    await rooms.keep(room);
    const [scores, tick] = await Promise.all([store.scores(room), store.tick(room)]);
    return { room, scores, tick };
  }

  return {
    async close(): Promise<void> {
      await rooms.close();
      // They come again by themselves, to another node.
      io.disconnectSockets(true);
      await io.close();
      await redis?.close();
      await adapter?.close();
    },
  };
}

function limitRate(socket: Socket): void {
  const limit = new RateLimit();
  socket.use((_event, next) => {
    const verdict = limit.take();
    if (verdict === 'ok') next();
    else if (verdict === 'flood') socket.disconnect(true);
    else next(new Error('too many messages'));
  });
  socket.on('error', (error) => socket.emit('refused', { code: 111, message: error.message }));
}

class Refusal extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

async function answered<Result>(answer: unknown, work: () => Promise<Result>): Promise<void> {
  const say = (told: Answer<Result>) => {
    if (typeof answer === 'function') answer(told);
  };
  try {
    say({ ok: true, result: await work() });
  } catch (error) {
    if (error instanceof Refusal) say({ ok: false, code: error.code, message: error.message });
    else if (error instanceof v.ValiError) say({ ok: false, code: 107, message: error.message });
    else {
      console.error('twin', error);
      say({ ok: false, code: 100, message: 'internal error' });
    }
  }
}

async function redisAdapter(url: string) {
  const publisher = createClient({ url });
  const subscriber = publisher.duplicate();
  for (const client of [publisher, subscriber]) {
    client.on('error', (error) => console.error('redis', error));
    await client.connect();
  }
  return {
    options: { adapter: createAdapter(publisher, subscriber) },
    close: () => Promise.all([publisher.close(), subscriber.close()]),
  };
}
