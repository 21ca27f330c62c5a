/** Moments in words, and which of them people want to be told. */

import type { EventKind, Player, Side, Sport, State, Team } from '../messages.js';
import { type EventMoment, otherSide } from './moment.js';

type Teams = Readonly<Record<Side, Team>>;
type Players = Readonly<Record<Side, readonly Player[]>>;

function nameOf(players: readonly Player[], number: number | undefined): string {
  return players.find((player) => player.number === number)?.name ?? `No. ${number ?? '?'}`;
}

function event({ event: kind, side, player, other, points }: EventMoment, players: Players, teams: Teams): string {
  const who = nameOf(players[side], player);
  const mate = nameOf(players[side], other);
  const team = teams[side].name;
  const assisted = other === undefined ? '' : `, set up by ${mate}`;
  switch (kind) {
    case 'goal':
      return `Goal! ${who} scores for ${team}${assisted}.`;
    case 'save':
      return `${nameOf(players[otherSide(side)], other)} saves from ${who}.`;
    case 'blocked':
      return `${who} shoots, and a defender is in the way.`;
    case 'miss':
      return `${who} shoots wide.`;
    case 'corner':
      return `Corner for ${team}.`;
    case 'penalty':
      return `Penalty for ${team}! ${who} takes the ball.`;
    case 'yellow':
      return `Yellow card for ${who}.`;
    case 'red':
      return `Red card! ${who} is sent off, ${team} go on with one less.`;
    case 'substitution':
      return `${team}: ${mate} comes on for ${who}.`;
    case 'basket':
      return points === 3 ? `${who} from downtown, three for ${team}${assisted}.` : `${who} scores two${assisted}.`;
    case 'dunk':
      return `${who} throws it down${assisted}!`;
    case 'freeThrow':
      return `${who} makes the free throw.`;
    default:
      return `${who}, ${team}: ${kind}.`;
  }
}

function phase(
  sport: Sport,
  state: State,
  period: number,
  teams: Teams,
  [home, away]: readonly [number, number],
): string {
  const score = `${teams.home.name} ${home}, ${teams.away.name} ${away}`;
  if (state === 'over') return `It is over: ${score}.`;
  const name = periodName(sport, period);
  if (state === 'live') return period === 1 ? 'They are under way.' : `${name} begins.`;
  return `${name} is over: ${score}.`;
}

/** As it is called in a sentence. */
export function periodName(sport: Sport, period: number): string {
  if (sport === 'football') return period === 1 ? 'The first half' : 'The second half';
  return period > 4 ? 'Overtime' : `The ${['first', 'second', 'third', 'fourth'][period - 1]} quarter`;
}

export const describe = { event, phase };

/** Under which name people are told of it; `undefined`: they are not. */
export function alertKind(sport: Sport, kind: EventKind, isLateLead: boolean): EventKind | undefined {
  if (sport === 'football') return kind === 'goal' || kind === 'red' ? kind : undefined;
  return isLateLead ? 'lead' : undefined;
}
