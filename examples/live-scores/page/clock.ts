/** The clock of a match in words, as each sport has it. */

import type { Sport, State } from '../messages.js';

const halfSec = 45 * 60;
const quarterSec = 600;
const overtimeSec = 300;

export interface Moment {
  readonly sport: Sport;
  readonly state: State;
  readonly period: number;
  /** On the clock of the match. */
  readonly second: number;
}

const twoDigits = (value: number) => String(value).padStart(2, '0');
const minutesOf = (seconds: number) => `${twoDigits(Math.floor(seconds / 60))}:${twoDigits(Math.floor(seconds % 60))}`;

/** To the second: `67:12`, `45:00 +1:07`, `Q3 04:31`. */
export function clockText(moment: Moment): string {
  const { sport, state, period, second } = moment;
  if (state !== 'live') return stateText(moment);
  if (sport === 'basketball') return `${periodText(period)} ${minutesOf(leftInPeriod(period, second))}`;
  const end = period * halfSec;
  return second <= end ? minutesOf(second) : `${minutesOf(end)} +${minutesOf(second - end).replace(/^0/, '')}`;
}

/** For lists: `67'`, `45+2'`, `Q3`, `Half-time`, `Full time`. */
export function minuteText(moment: Moment): string {
  const { sport, state, period, second } = moment;
  if (state !== 'live') return stateText(moment);
  if (sport === 'basketball') return `${periodText(period)} ${Math.ceil(leftInPeriod(period, second) / 60)}'`;
  return eventMinute(sport, period, second);
}

/** When something happened: `23'`, `90+4'`, `Q2 07:40`. */
export function eventMinute(sport: Sport, period: number, second: number): string {
  if (sport === 'basketball') return `${periodText(period)} ${minutesOf(leftInPeriod(period, second))}`;
  const end = period * halfSec;
  if (second > end) return `${end / 60}+${Math.ceil((second - end) / 60)}'`;
  return `${Math.min(end / 60, Math.floor(second / 60) + 1)}'`;
}

export function periodText(period: number): string {
  return period > 4 ? `OT${period > 5 ? period - 4 : ''}` : `Q${period}`;
}

function stateText({ sport, state, period }: Moment): string {
  if (state === 'over') return sport === 'football' ? 'Full time' : 'Final';
  if (state === 'soon') return 'Up next';
  if (sport === 'football' || period === 2) return 'Half-time';
  return `End ${periodText(period)}`;
}

/** Basketball counts down. */
function leftInPeriod(period: number, second: number): number {
  const before = Math.min(period - 1, 4) * quarterSec + Math.max(0, period - 5) * overtimeSec;
  const length = period > 4 ? overtimeSec : quarterSec;
  return Math.min(length, Math.max(0, length - (second - before)));
}
