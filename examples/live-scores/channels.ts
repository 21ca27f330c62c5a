/** The channels of the match day: declared once, used by its server, its feeds and its pages. */

import { channel } from 'fanfare';
import { alert, ball, comment, event, row, sheet } from './messages.js';

const story = { size: 500, ttl: '6h' } as const;
const newest = { size: 1, ttl: '6h' } as const;

export const scoreChannels = {
  /** A key for each match: who comes gets all of them in one message, and then those that change. */
  'board:{day}': channel({
    message: row,
    subscribe: 'anyone',
    map: { size: 200, ttl: '30m' },
    compaction: true,
    maxRate: { max: 10 },
    slow: 'latest',
  }),
  /** A document for each match, published whole: on the wire are its differences. */
  'match:{id}': channel({
    message: sheet,
    subscribe: 'anyone',
    history: newest,
    recovery: 'cache',
    delta: true,
    compaction: true,
    slow: 'latest',
  }),
  /** Many times a second: as often as the reader's device wants it. */
  'ball:{id}': channel({
    message: ball,
    subscribe: 'anyone',
    history: newest,
    recovery: 'cache',
    compaction: true,
    maxRate: { default: 2, max: 10 },
    slow: 'latest',
  }),
  /** What has happened: none of it may be missed. */
  'events:{id}': channel({ message: event, subscribe: 'anyone', history: story, compaction: true, slow: 'recover' }),
  /** What people want to be told: each reader says of which teams. */
  alerts: channel({
    message: alert,
    subscribe: 'anyone',
    history: { size: 100, ttl: '1h' },
    filterTags: ['kind', 'home', 'away'],
    slow: 'recover',
  }),
  /** Commentators write, by their tokens. */
  'commentary:{id}': channel({ message: comment, subscribe: 'anyone', history: story, slow: 'recover' }),
};
