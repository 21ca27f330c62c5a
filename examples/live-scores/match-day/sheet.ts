/** The sheet of one match: takes it moment by moment, keeps its state, and says what has happened. */

import type { BoardRow, EventKind, MatchEvent, Player, Sheet, Side, Sport, State } from '../messages.js';
import { alertKind, describe } from './commentary.js';
import type { Line } from './lines.js';
import type { BallMoment, EventMoment, Moment, PhaseMoment } from './moment.js';
import { Pressure } from './pressure.js';
import type { Squad } from './squads.js';
import { Statistics } from './statistics.js';

export interface Fixture {
  readonly day: number;
  readonly id: string;
  readonly sport: Sport;
  readonly home: Squad;
  readonly away: Squad;
  readonly venue: string;
  readonly spectators: number;
}

/** Which of the events are on the timeline; the others only count. */
const untold: readonly EventKind[] = ['foul', 'rebound', 'offside'];
const untoldInBasketball: readonly EventKind[] = [...untold, 'miss', 'turnover', 'freeThrow'];

export class MatchSheet {
  readonly fixture: Fixture;
  readonly #statistics: Statistics;
  readonly #pressure: Pressure;
  readonly #players: Record<Side, Player[]>;
  #score: [number, number] = [0, 0];
  #periods: [number, number][] = [];
  #state: State = 'soon';
  #period = 0;
  #second = 0;
  /** When the document was last about something that has happened: it does not change with each second. */
  #scoreSecond = 0;

  constructor(fixture: Fixture) {
    this.fixture = fixture;
    this.#statistics = new Statistics(fixture.sport);
    this.#pressure = new Pressure(fixture.sport === 'football' ? 60 : 30);
    const all = ({ lineup, bench }: Squad) => [...lineup, ...bench].map((player) => ({ ...player }));
    this.#players = { home: all(fixture.home), away: all(fixture.away) };
  }

  /** The match on the board. */
  get row(): BoardRow {
    const { day, id, sport } = this.fixture;
    const [state, period, minute] = [this.#state, this.#period, Math.floor(this.#second / 60)];
    return { day, id, sport, ...this.#teams, score: [...this.#score], state, period, minute };
  }

  /** Everything but the story. */
  get document(): Sheet {
    const { sport, venue, spectators, home, away } = this.fixture;
    const players = (side: Side) => this.#players[side].map((player) => ({ ...player }));
    return {
      sport,
      ...this.#teams,
      venue,
      spectators,
      score: [...this.#score],
      state: this.#state,
      period: this.#period,
      second: this.#scoreSecond,
      periods: this.#periods.map(([homePoints, awayPoints]): [number, number] => [homePoints, awayPoints]),
      stats: this.#statistics.rows,
      momentum: [...this.#pressure.momentum],
      possession: [...this.#pressure.possession],
      lineups: {
        home: { formation: home.formation, players: players('home') },
        away: { formation: away.formation, players: players('away') },
      },
    };
  }

  /** What is to be published after this moment besides the document, which has changed or not. */
  take(moment: Moment): { readonly lines: readonly Line[]; readonly hasChanged: boolean } {
    this.#second = moment.second;
    switch (moment.kind) {
      case 'ball':
        return this.#takeBall(moment);
      case 'phase':
        return { lines: this.#takePhase(moment), hasChanged: true };
      case 'event':
        return this.#takeEvent(moment);
    }
  }

  #takeBall({ second, side, x, y }: BallMoment) {
    const lines: Line[] = [{ channel: `ball:${this.fixture.id}`, data: { second, side, x, y } }];
    return { lines, hasChanged: this.#pressure.ball(second, side, x) };
  }

  #takePhase({ state, period, second }: PhaseMoment): Line[] {
    this.#state = state;
    this.#scoreSecond = second;
    if (state === 'live') {
      this.#period = period;
      this.#periods.push([0, 0]);
    }
    const kind = state === 'live' ? 'start' : 'end';
    const text = describe.phase(this.fixture.sport, state, period, this.#teams, this.#score);
    const told: MatchEvent = { kind, second, period, text, score: [...this.#score] };
    return state === 'over' ? [this.#event(told), this.#alert(told)] : [this.#event(told)];
  }

  #takeEvent(moment: EventMoment) {
    const { event, side, second } = moment;
    const { sport } = this.fixture;
    const lead = Math.sign(this.#score[0] - this.#score[1]);
    const points = event === 'goal' ? 1 : event === 'miss' ? 0 : (moment.points ?? 0);
    if (points > 0) this.#add(side, points);
    this.#scoreSecond = second;
    this.#pressure.event(event, side);
    const hasCounted = this.#statistics.count(moment);
    const hasChanged = this.#changePlayers(moment, points) || hasCounted || points > 0;
    const lines: Line[] = [];
    if ((sport === 'football' ? untold : untoldInBasketball).includes(event)) return { lines, hasChanged };
    const text = describe.event(moment, this.#players, this.#teams);
    const score: [number, number] = [...this.#score];
    const told = { second, period: this.#period, side, text, ...(points > 0 && { score }) };
    lines.push(this.#event({ kind: event, ...told }));
    const hasTakenLead = points > 0 && Math.sign(this.#score[0] - this.#score[1]) !== lead;
    const kind = alertKind(sport, event, hasTakenLead && this.#period >= 4);
    if (kind !== undefined) lines.push(this.#alert({ kind, ...told }));
    return { lines, hasChanged };
  }

  get #teams() {
    const { home, away } = this.fixture;
    return { home: home.team, away: away.team };
  }

  #add(side: Side, points: number): void {
    const at = side === 'home' ? 0 : 1;
    const current = this.#periods.at(-1);
    this.#score[at] += points;
    if (current !== undefined) current[at] += points;
  }

  /** @returns whether the line-up looks otherwise now */
  #changePlayers({ event, side, player: number, other }: EventMoment, points: number): boolean {
    const players = this.#players[side];
    const find = (wanted: number | undefined) => players.find((one) => one.number === wanted);
    const player = find(number);
    if (player === undefined) return false;
    if (points > 0) player.goals = (player.goals ?? 0) + points;
    if (event === 'yellow' || event === 'red') player.card = event;
    if (event === 'red') player.on = false;
    const next = event === 'substitution' ? find(other) : undefined;
    if (next !== undefined) {
      [next.x, next.y, next.on, player.on] = [player.x, player.y, true, false];
      if (next.position === 'SUB') next.position = player.position;
    }
    return event === 'goal' || event === 'yellow' || event === 'red' || next !== undefined;
  }

  #event(data: MatchEvent): Line {
    return { channel: `events:${this.fixture.id}`, data };
  }

  #alert(data: MatchEvent): Line {
    const { home, away } = this.#teams;
    const tags = { kind: data.kind, home: home.code, away: away.code };
    return { channel: 'alerts', data: { ...data, match: this.fixture.id, home, away }, tags };
  }
}
