/** What is published about a match day, and the types of it. */

import * as v from 'valibot';
import { maxCommentLength } from './limits.js';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const short = v.pipe(v.string(), v.maxLength(80));
const pair = v.tuple([count, count]);

const sport = v.picklist(['football', 'basketball']);
const side = v.picklist(['home', 'away']);
const state = v.picklist(['soon', 'live', 'break', 'over']);
const eventKind = v.picklist([
  ...(['start', 'end', 'substitution', 'foul', 'miss'] as const),
  ...(['goal', 'save', 'blocked', 'corner', 'offside', 'penalty', 'yellow', 'red'] as const),
  ...(['basket', 'dunk', 'freeThrow', 'rebound', 'turnover', 'lead'] as const),
]);

const team = v.object({ name: short, code: short, colour: short, ink: short });

/** Place on the field as the team sees it: x from its own goal (0) to the other one (100). */
const player = v.object({
  number: count,
  name: short,
  position: short,
  x: v.number(),
  y: v.number(),
  on: v.boolean(),
  goals: v.optional(count),
  card: v.optional(v.picklist(['yellow', 'red'])),
});

const lineup = v.object({ formation: short, players: v.array(player) });

/** One match in the list of all. */
export const row = v.object({
  day: count,
  id: short,
  sport,
  home: team,
  away: team,
  score: pair,
  state,
  period: count,
  minute: count,
});

/** Everything about one match but its story: who comes late gets it whole, others get what differs. */
export const sheet = v.object({
  sport,
  home: team,
  away: team,
  venue: short,
  spectators: count,
  score: pair,
  state,
  period: count,
  /** On the clock of the match. */
  second: count,
  /** The score of each period. */
  periods: v.array(pair),
  /** Of each figure: its name, the home team's and the away team's. */
  stats: v.array(v.tuple([short, v.number(), v.number()])),
  /** For each step of the clock, from -100 (all pressure by the away team) to 100. */
  momentum: v.array(v.number()),
  /** The home team's share in percent so far, for each step. */
  possession: v.array(v.number()),
  lineups: v.object({ home: lineup, away: lineup }),
});

/** Where the ball is: x from the home team's goal (0) to the other one (100), y from the far side line. */
export const ball = v.object({ second: count, side, x: v.number(), y: v.number() });

export const event = v.object({
  kind: eventKind,
  second: count,
  period: count,
  side: v.optional(side),
  text: v.pipe(v.string(), v.maxLength(200)),
  score: v.optional(pair),
});

/** Something that people want to be told, with the match that it is about. */
export const alert = v.object({ ...event.entries, match: short, home: team, away: team });

export const comment = v.object({
  second: count,
  text: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(maxCommentLength)),
});

export type Sport = v.InferOutput<typeof sport>;
export type Side = v.InferOutput<typeof side>;
export type State = v.InferOutput<typeof state>;
export type EventKind = v.InferOutput<typeof eventKind>;
export type Team = v.InferOutput<typeof team>;
export type Player = v.InferOutput<typeof player>;
export type Lineup = v.InferOutput<typeof lineup>;
export type BoardRow = v.InferOutput<typeof row>;
export type Sheet = v.InferOutput<typeof sheet>;
export type Ball = v.InferOutput<typeof ball>;
export type MatchEvent = v.InferOutput<typeof event>;
export type Alert = v.InferOutput<typeof alert>;
export type Comment = v.InferOutput<typeof comment>;
