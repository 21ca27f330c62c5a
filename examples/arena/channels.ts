/** The channels of the arena: declared once, used by its server and by its page. */

import { bytes, type ChannelDeclaration, channel } from 'fanfare';
import * as v from 'valibot';
import { decodeInput, maxInputBytes } from './game/input-codec.js';
import { maxShips } from './game/rules.js';

/** Longest name of a player, in UTF-16 units. */
export const maxNameLength = 16;
export const playerName = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(maxNameLength));
export const roomId = v.pipe(v.string(), v.regex(/^[a-z0-9]{6}$/));

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const score = v.object({
  slot: v.pipe(count, v.maxValue(maxShips - 1)),
  name: playerName,
  isBot: v.boolean(),
  points: count,
  kills: count,
  deaths: count,
});

export const arenaChannels = {
  /** What players press. Only the node that has the room reads it. What is no input is refused where it comes in. */
  'input:{room}': channel({
    message: bytes({ base64: true, maxBytes: maxInputBytes }),
    publish: ({ data }) => decodeInput(data) !== undefined || { error: { code: 1400, message: 'not an input' } },
  }),
  /**
   * Ticks, each of which says everything: the last one is all that newcomers and those who come back need, slow lines get the
   * newest, and spectators ask for a lower rate.
   */
  'state:{room}': channel({
    message: bytes({ base64: true }),
    subscribe: 'user',
    history: { size: 1, ttl: '5m', read: 'nobody' },
    recovery: 'cache',
    slow: 'latest',
    maxRate: {},
  }),
  /** The scoreboard, by users. */
  'scores:{room}': channel({
    message: score,
    subscribe: 'user',
    map: { size: 200, ttl: '1h' },
    history: { size: 500, ttl: '2m', read: 'nobody' },
    slow: 'latest',
  }),
  /** Players who want a place in a room of another node. */
  'door:{room}': channel({ message: v.object({ user: v.string(), name: playerName }) }),
  /** Which node has which room, and how many play there: a key that is not renewed goes, and the room is free. */
  rooms: channel({
    message: v.object({ node: v.string(), players: count }),
    map: { ttl: '3s' },
    history: { size: 1_000, ttl: '1m', read: 'nobody' },
  }),
};

type SchemaOf<Declaration> = Declaration extends ChannelDeclaration<infer Schema, infer _Pattern> ? Schema : never;

/** The channels as types. */
export type ArenaSchemas = {
  readonly [Pattern in keyof typeof arenaChannels]: SchemaOf<(typeof arenaChannels)[Pattern]>;
};
