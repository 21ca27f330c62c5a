// @ts-check
/** A part of a simulated match in which goals fall: what both servers publish. */
import { caughtUp } from '../../dist/examples-live-scores/lines.mjs';
import { fixturesOf, matchDay } from '../../dist/examples-live-scores/match-day.mjs';

/** Days that are looked through for a match with enough goals. */
const MOST_DAYS = 40;

/**
 * @typedef {{ channel: string, key?: string, data: unknown, tags?: Record<string, string> }} Line
 * @typedef {{ at: number, lines: Line[] }} Batch
 * @typedef {object} Segment
 * @property {string} match its id
 * @property {string} team code of the home team
 * @property {Line[]} before the state at its beginning
 * @property {Batch[]} batches what comes then, in order; `at` is in seconds from the beginning
 */

/**
 * The first of a football match that has so many goals, of all days in their order.
 * @param {number} length in seconds of the match
 * @param {number} goals
 * @param {number} lead seconds of it before the first of them, at least
 * @returns {Segment}
 */
export function findSegment(length, goals, lead) {
  for (let day = 1; day <= MOST_DAYS; day++) {
    const batches = [...matchDay(day)];
    for (const { id, sport, home } of fixturesOf(day)) {
      if (sport !== 'football') continue;
      const about = batches.flatMap(({ at, lines }) => {
        const own = lines.filter((line) => isAbout(line, id));
        return own.length === 0 ? [] : [{ at, lines: own }];
      });
      const times = about.filter(({ lines }) => lines.some(isGoal)).map(({ at }) => at);
      const first = times.find(
        (at, index) => (times[index + goals - 1] ?? Number.POSITIVE_INFINITY) < at + length - lead - 60,
      );
      if (first === undefined) continue;
      const from = first - lead - 10;
      return {
        match: id,
        team: home.team.code,
        before: caughtUp(about.filter(({ at }) => at < from)),
        batches: about
          .filter(({ at }) => at >= from && at < from + length)
          .map(({ at, lines }) => ({ at: at - from, lines })),
      };
    }
  }
  throw new Error(
    `no match of ${MOST_DAYS} days has ${goals} goals in ${length} s of it: fewer --goals, or more --seconds or --speed`,
  );
}

/** @param {Line} line */
export const isGoal = ({ channel, data }) =>
  channel.startsWith('events:') && /** @type {{ kind: string }} */ (data).kind === 'goal';

/** @param {Line} line @param {string} match */
function isAbout({ channel, key, data }, match) {
  if (channel === 'alerts') return /** @type {{ match: string }} */ (data).match === match;
  return key === match || channel.endsWith(`:${match}`);
}
