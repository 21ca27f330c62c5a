/** Invented teams with their players: the same names in the same team, whatever the day. */

import type { Player, Sport, Team } from '../messages.js';
import { Dice } from './dice.js';

export interface Squad {
  readonly team: Team;
  /** Who begins. */
  readonly lineup: readonly Player[];
  readonly bench: readonly Player[];
  readonly formation: string;
  /** How good it is: 1 is the average. */
  readonly strength: number;
}

/** Name, code of three letters, colour, colour of text on it, strength. */
type TeamRow = readonly [name: string, code: string, colour: string, ink: string, strength: number];

const footballTeams: readonly TeamRow[] = [
  ['Harbour Town', 'HAR', '#c8102e', '#ffffff', 1.12],
  ['Northgate Albion', 'NGA', '#0b3d91', '#ffffff', 1.05],
  ['Saltmarsh United', 'SAL', '#f2b705', '#231a00', 0.92],
  ['Kiln Lane', 'KIL', '#7a2e0e', '#ffffff', 0.9],
  ['Vale Wanderers', 'VAL', '#1b7f4d', '#ffffff', 1],
  ['Quayside Rovers', 'QUA', '#0f8b8d', '#ffffff', 1.03],
  ['Ferrow City', 'FER', '#6a4fb3', '#ffffff', 1.15],
  ['Old Mill Athletic', 'OMA', '#2b2d42', '#ffffff', 0.96],
];

const basketballTeams: readonly TeamRow[] = [
  ['Bay Lanterns', 'LAN', '#e4572e', '#ffffff', 1.04],
  ['Summit Foxes', 'FOX', '#7a2e4d', '#ffffff', 1],
  ['River Comets', 'COM', '#2660a4', '#ffffff', 1.06],
  ['Iron Herons', 'HER', '#3d5a40', '#ffffff', 0.95],
];

const firstNames =
  'Adem Aino Bela Caio Davor Eamon Emeka Fynn Goran Hugo Idris Ilya Jonas Kofi Lars Levi Luca Marek Mateo Milan Nils Noor Oskar Pavel Quim Rafa Rian Sami Soren Tariq Teo Tomas Ugo Viktor Wes Yann Yusuf Zane';
const lastNames =
  'Abara Almeida Anker Bakker Baros Brandt Castellan Dahl Dorsey Eklund Farrow Fontaine Gallo Grieve Haddad Holm Ibarra Jansen Kamara Keita Kovac Larkin Lindqvist Marchetti Mensah Moreau Nagy Novak Okoye Orsini Petrov Quist Radic Rask Salo Santoro Silva Stark Tarkov Toure Ulrich Varga Vidal Weiss Yilmaz Zanetti';

/** Places on the pitch from the own goal (0) to the other one (100), by the line of the formation. */
const formations: Readonly<Record<string, readonly (readonly number[])[]>> = {
  '4-3-3': [[4], [22, 22, 22, 22], [46, 42, 46], [70, 76, 70]],
  '4-4-2': [[4], [22, 22, 22, 22], [48, 45, 45, 48], [72, 72]],
  '3-5-2': [[4], [21, 19, 21], [46, 44, 50, 44, 46], [72, 72]],
  '4-2-3-1': [[4], [22, 22, 22, 22], [40, 40], [58, 60, 58], [78]],
};

const footballPositions = ['GK', 'DF', 'MF', 'MF', 'FW'] as const;
const courtPlaces: readonly (readonly [position: string, x: number, y: number])[] = [
  ['PG', 38, 50],
  ['SG', 56, 20],
  ['SF', 62, 80],
  ['PF', 74, 36],
  ['C', 82, 58],
];

/** The teams of a sport, in the order in which they meet on this day. */
export function squads(sport: Sport, day: number): Squad[] {
  const rows = sport === 'football' ? footballTeams : basketballTeams;
  return new Dice(`fixtures ${sport} ${day}`)
    .shuffled(rows)
    .map((row) => (sport === 'football' ? footballSquad(row) : basketballSquad(row)));
}

function teamOf([name, code, colour, ink]: TeamRow): Team {
  return { name, code, colour, ink };
}

function namesOf(code: string, count: number): string[] {
  const dice = new Dice(`players ${code}`);
  const firsts = dice.shuffled(firstNames.split(' '));
  return dice
    .shuffled(lastNames.split(' '))
    .slice(0, count)
    .map((last, at) => `${firsts[at]} ${last}`);
}

function footballSquad(row: TeamRow): Squad {
  const team = teamOf(row);
  const dice = new Dice(`squad ${team.code}`);
  const formation = dice.pick(Object.keys(formations));
  const lines = formations[formation] ?? [];
  const names = namesOf(team.code, 18);
  const numbers = dice.shuffled([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 16, 17, 18, 19, 21, 22]);
  const players = lines.flatMap((places, line) =>
    places.map((x, at) => ({
      position: line === 0 ? 'GK' : (footballPositions[line === lines.length - 1 ? 4 : Math.min(line, 3)] ?? 'MF'),
      x,
      y: Math.round(((at + 1) * 100) / (places.length + 1)),
    })),
  );
  const named = (at: number) => ({ number: at === 0 ? 1 : (numbers[at - 1] ?? 30 + at), name: names[at] ?? '' });
  return {
    team,
    formation,
    strength: row[4],
    lineup: players.map((player, at) => ({ ...named(at), ...player, on: true })),
    bench: names
      .slice(11)
      .map((_, at) => ({ ...named(at + 11), position: at === 0 ? 'GK' : 'SUB', x: 0, y: 0, on: false })),
  };
}

function basketballSquad(row: TeamRow): Squad {
  const team = teamOf(row);
  const dice = new Dice(`squad ${team.code}`);
  const names = namesOf(team.code, 10);
  const numbers = dice.shuffled([0, 3, 4, 5, 7, 8, 11, 12, 13, 15, 21, 23, 30, 33, 42]);
  const player = (at: number) => {
    const [position, x, y] = courtPlaces[at % courtPlaces.length] ?? ['SF', 50, 50];
    return { number: numbers[at] ?? at, name: names[at] ?? '', position, x, y, on: at < 5 };
  };
  const all = names.map((_, at) => player(at));
  return { team, formation: '1-2-2', strength: row[4], lineup: all.slice(0, 5), bench: all.slice(5) };
}
