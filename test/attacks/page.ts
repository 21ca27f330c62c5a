/** The parts of docs/conformance.md that are made of the results: what is promised, how it is attacked, and what came of it. */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type AttackName, type Outcomes, type Result, readResult } from './results.js';

export const pagePath = 'docs/conformance.md';
const pageFile = fileURLToPath(new URL(`../../${pagePath}`, import.meta.url));

interface Attack {
  readonly promise: string;
  readonly attack: string;
  /** The script of package.json. */
  readonly script: string;
  readonly lasts: string;
  /** What CI does of it at each change. */
  readonly inCi: string;
  /** Of those that write their outcome down. */
  readonly result?: AttackName;
}

export const attacks: readonly Attack[] = [
  {
    promise: 'The WebSocket endpoint follows RFC 6455 and RFC 7692.',
    attack: 'The [Autobahn testsuite](#websocket), 517 cases',
    script: 'test:autobahn',
    lasts: 'half an hour',
    inCi: 'the same rules by own tests (B20 to B38)',
    result: 'autobahn',
  },
  {
    promise: 'No bytes from outside crash anything, hang, or become something else than what they say.',
    attack: '[Structured fuzzing](#fuzzing) of the codecs, of long polling, and of what brokers store',
    script: 'test:fuzz',
    lasts: 'ten minutes',
    inCi: 'some seconds, with a fixed seed',
    result: 'fuzz',
  },
  {
    promise: 'G1 to G11 under F1 to F7, F12, F19: kills, restarts, black holes, pauses, disorder.',
    attack: 'Fleets of real processes and brokers behind a proxy of faults, judged by a checker of histories',
    script: 'test:chaos',
    lasts: 'half an hour',
    inCi: 'some kills on each broker',
  },
  {
    promise: 'Compare-and-set of maps is linearizable.',
    attack: 'Racers at three nodes under kills and partitions, histories checked for linearizability',
    script: 'test:map-races',
    lasts: 'ten minutes',
    inCi: 'one round on each broker',
  },
  {
    promise: 'Clients of other languages work at their defaults.',
    attack: '[45 clients](guide/clients.md) in five languages, at their newest versions',
    script: 'test:clients',
    lasts: '20 minutes',
    inCi: 'the tables against the recorded runs, and some clients',
  },
  {
    promise: 'The official JavaScript client works over every combination of transport, codec and ways to send less.',
    attack: 'Its scenarios in all combinations, in Node and Chromium',
    script: 'test:combinations',
    lasts: 'an hour',
    inCi: 'combinations that cover every pair',
  },
  {
    promise: 'The tests of authentication and permissions notice mistakes.',
    attack: 'Mutants of the code; at least 90 % have to fail a test',
    script: 'test:mutation',
    lasts: '40 minutes',
    inCi: 'nothing',
  },
];

/** Their markdown, by the name of the section. */
export function sections(): ReadonlyMap<string, string> {
  return new Map([
    ['attacks', attacksTable()],
    ['autobahn', part('autobahn', autobahn)],
    ['fuzzing', part('fuzz', fuzzing)],
  ]);
}

/** @param page the text of the page; @returns the page with the sections as they are now */
export function withSections(page: string): string {
  let made = page;
  for (const [name, section] of sections()) {
    const begin = `<!-- ${name}: written by test/docs/conformance.test.ts -->`;
    const [start, stop] = [made.indexOf(begin), made.indexOf(`<!-- end of ${name} -->`)];
    if (start === -1 || stop < start) throw new Error(`${pagePath} has no section ${name}`);
    made = `${made.slice(0, start)}${begin}\n\n${section}\n\n${made.slice(stop)}`;
  }
  return made;
}

/** Writes the page anew. */
export function writePage(): void {
  writeFileSync(pageFile, withSections(readFileSync(pageFile, 'utf8')));
}

function attacksTable(): string {
  const rows = attacks.map(({ promise, attack, script, lasts, inCi, result: name }) => {
    const result = name === undefined ? undefined : readResult(name);
    const last =
      name === undefined ? '' : result === undefined ? 'not written down yet' : `${result.date}: ${summary(name)}`;
    return `| ${promise} | ${attack} | \`npm run ${script}\`, ${lasts} | ${inCi} | ${last} |`;
  });
  return ['| promise | attack | to repeat it | in CI | last time |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** What came of it, in a few words. */
function summary(name: AttackName): string {
  switch (name) {
    case 'autobahn': {
      const groups = readResult(name)?.outcome.groups ?? [];
      const sum = (field: 'cases' | 'strict' | 'nonStrict' | 'informational' | 'declined') =>
        groups.reduce((all, group) => all + group[field], 0);
      return `${sum('cases')} cases, none failed: ${sum('strict')} strict, ${sum('nonStrict')} not as strict as could be, ${sum('informational')} informational, ${sum('declined')} about what is declined`;
    }
    case 'fuzz': {
      const targets = readResult(name)?.outcome.targets ?? [];
      return `${targets.reduce((all, { inputs }) => all + inputs, 0).toLocaleString('en')} inputs, no fault`;
    }
  }
}

function part<Name extends AttackName>(name: Name, show: (outcome: Outcomes[Name]) => string): string {
  const result = readResult(name);
  return result === undefined ? 'Not written down yet.' : `${about(result)}\n\n${show(result.outcome)}`;
}

function about({ date, versions, machine }: Result<unknown>): string {
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const { cpu, cores, memoryMib, system } = machine;
  return `${date}, with ${used.join(', ')}, on ${cpu}, ${cores} cores, ${Math.round(memoryMib / 1_024)} GiB, ${system}.`;
}

function autobahn({ groups, explanations }: Outcomes['autobahn']): string {
  const rows = groups.map(
    ({ group, about, cases, strict, nonStrict, informational, declined }) =>
      `| ${group} | ${about} | ${cases} | ${strict} | ${nonStrict} | ${informational} | ${declined} | 0 |`,
  );
  const reasons = explanations.map(({ cases, outcome, reason }) => `- ${shortened(cases)} (${outcome}): ${reason}`);
  return [
    '| group | about | cases | strict | not as strict | informational | declined | failed |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
    ...(reasons.length > 0 ? ['Why some are not strict:', '', ...reasons] : ['All that are judged are strict.']),
  ].join('\n');
}

/** The first and the last of many. */
function shortened(cases: readonly string[]): string {
  return cases.length <= 6 ? cases.join(', ') : `${cases[0]} to ${cases.at(-1)}, ${cases.length} cases`;
}

function fuzzing({ targets, seed, tookSec }: Outcomes['fuzz']): string {
  const rows = targets.map(
    ({ name, about, corpus, inputs }) => `| ${name} | ${about} | ${corpus} | ${inputs.toLocaleString('en')} |`,
  );
  return [
    '| target | what must hold | corpus | inputs |',
    '|---|---|---|---|',
    ...rows,
    '',
    `Seed ${seed}, ${tookSec} seconds, no fault.`,
  ].join('\n');
}
