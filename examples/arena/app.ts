/** The arena as a Fanfare application; its type gives the page's client its types. */

import { createHash } from 'node:crypto';
import { type FanfareOptions, fanfare, type Observer, RpcError, rpc } from 'fanfare';
import * as v from 'valibot';
import { arenaChannels, playerName, roomId } from './channels.js';
import { type ArenaServer, FanfareNetwork } from './rooms/fanfare-network.js';
import { Rooms, type RoomsOptions } from './rooms/rooms.js';

export interface ArenaOptions extends RoomsOptions, Pick<FanfareOptions, 'broker' | 'limits' | 'log' | 'origins'> {}

/** A page sends 20 to 60 inputs a second; whoever sends many more is refused (111), and then sent away (3013). */
const ratesOfPlayers = { commandsPerSec: 80, commandBurst: 160 };

const secret = /^[\w-]{20,64}$/;

/** Who has the secret is the player: its page makes it up, and keeps it for the tab. Others only see its hash. */
function playerOf({ token = '' }: { readonly token?: string | undefined }): { readonly user: string } | null {
  if (!secret.test(token)) return null;
  return { user: createHash('sha256').update(token).digest('base64url').slice(0, 16) };
}

/** Who plays, what they may do, and what they can ask for. */
function parts(rooms: Rooms) {
  const on: Observer = {
    subscribed: (_client, channel) => (channel.startsWith('state:') ? rooms.keep(channel.slice(6)) : undefined),
  };
  return {
    auth: playerOf,
    channels: arenaChannels,
    rpc: {
      play: rpc({
        input: v.object({ name: playerName, room: v.optional(roomId) }),
        run: async ({ name, room }, { user }) => {
          // safe: procedures are for users, unless they say otherwise
          const player = user as string;
          const found = await rooms.play({ user: player, name }, room);
          if (found === undefined) throw new RpcError(1503, 'no room has a place: try again', { temporary: true });
          return { room: found, player };
        },
      }),
      watch: rpc({
        input: v.object({ room: v.optional(roomId) }),
        run: async ({ room }) => {
          const found = await rooms.watch(room);
          if (found === undefined) throw new RpcError(1404, 'nobody plays at the moment', { temporary: true });
          return { room: found };
        },
      }),
    },
    on,
  };
}

/** @param options those of the rooms, and what the arena leaves open of a server */
export function arenaApp({ broker, limits, log, origins, ...options }: ArenaOptions = {}) {
  const onError = (err: unknown) => log?.warn({ err }, 'a room could not be kept or told');
  const rooms = new Rooms({ onError, ...options });
  const app = fanfare({
    ...parts(rooms),
    ...(broker && { broker }),
    ...(log && { log }),
    ...(origins && { origins }),
    limits: { ...ratesOfPlayers, ...limits },
  });
  rooms.connect(new FanfareNetwork(app));
  const close = app.close.bind(app);
  return Object.assign(app, {
    /** Leaves the rooms to other nodes first. */
    async close(...how: Parameters<typeof close>): Promise<void> {
      await rooms.close();
      await close(...how);
    },
  });
}

export type ArenaApp = ReturnType<typeof arenaApp>;

/** What `fanfare dev` adds to its server. */
export function example() {
  const rooms = new Rooms({});
  return {
    ...parts(rooms),
    async start({ app, signal }: { readonly app: ArenaServer; readonly signal: AbortSignal }) {
      rooms.connect(new FanfareNetwork(app));
      signal.addEventListener('abort', () => rooms.stop());
      return [['play', 'arrows or WASD, space to fire; on a phone both thumbs']] as const;
    },
  };
}
