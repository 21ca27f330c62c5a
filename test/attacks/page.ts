/** The parts of docs/conformance.md that are made of the results: what is promised, how it is attacked, and what came of it. */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { groups as allGroups } from './autobahn/verdicts.js';
import { type AttackName, type Outcomes, type Result, readResult, readRun } from './results.js';

export const pagePath = 'docs/conformance.md';
const pageFile = fileURLToPath(new URL(`../../${pagePath}`, import.meta.url));

interface Attack {
  readonly promise: string;
  readonly attack: string;
  /** The script of package.json. */
  readonly script: string;
  /** What follows `--`. */
  readonly args?: string;
  readonly lasts: string;
  /** What CI does of it at each change. */
  readonly inCi: string;
  /** Of those that write their outcome down themselves. */
  readonly result?: AttackName;
  /** Of the others: what sums up what they tell, as its first group or as a whole; all such lines count. */
  readonly told?: RegExp;
}

/** The closing line of tests. */
const tests = /^\s*Tests\s+(\d+ passed.*)$/gm;

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
    promise: 'The HTTP API does what its OpenAPI document says, whatever it is asked.',
    attack: '[schemathesis](#http-api) makes requests of the document, right and wrong ones',
    script: 'test:api-fuzz',
    lasts: 'ten minutes',
    inCi: 'every example and answer of the document by own tests',
    result: 'api',
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
    promise: 'Everything that is taken is given back (G11).',
    attack: 'A [soak](#soak): all transports and policies, churn, slow readers, a rolling restart a minute',
    script: 'soak',
    lasts: '30 minutes',
    inCi: 'some seconds, with more room for the heap',
    result: 'soak',
  },
  {
    promise: 'G1 to G12 of whole fleets under every fault, in every order of events that chance comes upon.',
    attack: '[The simulation](simulation.md): real nodes, clients and broker adapters on virtual time, from a seed',
    script: 'simulate',
    args: '--seeds 2000',
    lasts: 'some minutes',
    inCi: 'the first 2,000 seeds, and all plans that have found a fault',
    told: /^\d+ seeds from .* failed$/gm,
  },
  {
    promise: 'The simulation notices mistakes.',
    attack: 'Mutants of engine, brokers and client, and faults of the past, put into the sources one by one',
    script: 'simulate:mutants',
    lasts: 'an hour at most',
    inCi: 'nothing',
    told: /^.+: \d+ of \d+ are found within \d+ seeds$/gm,
  },
  {
    promise: 'G1 to G11 under F1 to F7, F12, F19: kills, restarts, black holes, pauses, disorder.',
    attack: 'Fleets of real processes and brokers behind a proxy of faults, judged by a checker of histories',
    script: 'test:chaos',
    lasts: 'half an hour',
    inCi: 'some kills on each broker',
    told: /^(?:\S.*: \d+ kills, \d+ faults| {2}(?:published \d|crashes \d).*)$/gm,
  },
  {
    promise: 'Compare-and-set of maps is linearizable.',
    attack: 'Racers at three nodes under kills and partitions, histories checked for linearizability',
    script: 'test:map-races',
    lasts: 'ten minutes',
    inCi: 'one round on each broker',
    told: tests,
  },
  {
    promise: 'Streams lose and repeat nothing.',
    attack: 'Random stories, and producers, readers and nodes that are cut off or killed in the middle of answers',
    script: 'test:streams:long',
    lasts: '20 minutes',
    inCi: 'some stories, and some kills over workers, Redis and NATS',
    told: tests,
  },
  {
    promise: 'Durable Streams over HTTP are what their specification says.',
    attack: 'The conformance tests that the specification has, over memory, Redis and NATS',
    script: 'test:durable-streams',
    lasts: 'ten minutes',
    inCi: 'the same over memory',
    told: tests,
  },
  {
    promise: 'A rolling deploy loses nobody and nothing (F12).',
    attack: 'A fleet with thousands of clients whose nodes are all replaced, behind nginx or HAProxy',
    script: 'test:deploy:long',
    lasts: '20 minutes',
    inCi: 'fewer clients',
    told: /^ {2}"(?:publications|deliveries|lost|doubled|incomplete|reconnects)": .*$/gm,
  },
  {
    promise: 'Hooks that are down, hang or are slow hold up nobody who is connected (F16).',
    attack: '1,000 clients and 200 connections a second while the backend is killed, hung, and slow',
    script: 'test:hooks:long',
    lasts: 'ten minutes',
    inCi: '100 clients and 50 connections a second',
    told: tests,
  },
  {
    promise: 'Functions keep the same promises (F18).',
    attack:
      '200 kills of functions between reading and writing the state of a connection, judged by the same checker; two pages that talk over functions that die; [more](operations/functions.md#what-has-been-shown)',
    script: 'test:functions',
    lasts: '45 minutes',
    inCi: 'some kills',
    told: tests,
  },
  {
    promise: 'Clients of other languages work at their defaults.',
    attack: '[45 clients](guide/clients.md) in five languages, at their newest versions',
    script: 'test:clients',
    lasts: '20 minutes',
    inCi: 'the tables against the recorded runs, and some clients',
    told: /· (\d+ clients)$/gm,
  },
  {
    promise: 'The newest SDKs for Go and Python work, each in JSON and protobuf.',
    attack: 'One table of what an SDK does, run by each of them',
    script: 'test:sdks',
    lasts: 'five minutes',
    inCi: 'the same, with the versions that were newest when they were taken in',
    told: tests,
  },
  {
    promise: 'The official JavaScript client works over every combination of transport, codec and ways to send less.',
    attack: 'Its scenarios in all combinations, in Node and Chromium',
    script: 'test:combinations',
    lasts: 'an hour',
    inCi: 'combinations that cover every pair',
    told: tests,
  },
  {
    promise: 'The tests of authentication and permissions notice mistakes.',
    attack: 'Mutants of the code; at least 90 % have to fail a test',
    script: 'test:mutation',
    lasts: '40 minutes',
    inCi: 'nothing',
    told: /^All files.*$/gm,
  },
  {
    promise:
      'All of the catalogue, each line by its own tests; the models of brokers behave as Redis, NATS and RabbitMQ do.',
    attack: 'The tests, with every program that they need, and properties with models by chance (fast-check)',
    script: 'test',
    lasts: '20 minutes',
    inCi: 'the same',
    told: tests,
  },
  {
    promise: 'It works with each version of Node that is supported.',
    attack: 'All of the tests that depend on it, with Node 22, 24 and 26',
    script: 'test:nodes',
    lasts: '45 minutes',
    inCi: 'sockets, processes and protocols with each',
    told: tests,
  },
];

/** What an attack has told, line by line. @param output without colours */
export function toldBy(lines: RegExp, output: string): string[] {
  return [...output.replaceAll('\r', '').matchAll(lines)].map(([whole, first = whole]) => first.trim());
}

/** Their markdown, by the name of the section. */
export function sections(): ReadonlyMap<string, string> {
  return new Map([
    ['attacks', attacksTable()],
    ['autobahn', part('autobahn', autobahn)],
    ['schemathesis', part('api', apiFuzz)],
    ['fuzzing', part('fuzz', fuzzing)],
    ['soak', part('soak', soak)],
    ['others', others()],
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

const soakPicture = 'images/soak.svg';

/** What `pictureOf` has drawn: the page shows it beside the figures. */
export function writeSoakPicture(svg: string): void {
  writeFileSync(new URL(`../../docs/${soakPicture}`, import.meta.url), svg);
}

/** Writes the page anew. */
export function writePage(): void {
  writeFileSync(pageFile, withSections(readFileSync(pageFile, 'utf8')));
}

function attacksTable(): string {
  const rows = attacks.map((one) => {
    const { promise, attack, lasts, inCi } = one;
    return `| ${promise} | ${attack} | \`${commandOf(one)}\`, ${lasts} | ${inCi} | ${lastOf(one)} |`;
  });
  return ['| promise | attack | to repeat it | in CI | last time |', '|---|---|---|---|---|', ...rows].join('\n');
}

function commandOf({ script, args }: Attack): string {
  return `npm run ${script}${args === undefined ? '' : ` -- ${args}`}`;
}

function lastOf({ script, result: name }: Attack): string {
  if (name === undefined) {
    const run = readRun(script);
    return run === undefined ? 'not written down yet' : `${run.date}: [it held](#all-the-others)`;
  }
  const result = readResult(name);
  return result === undefined ? 'not written down yet' : `${result.date}: ${summary(name)}`;
}

/** Of those that have told something, what it was. */
function others(): string {
  const parts = attacks.flatMap((attack) => {
    const run = attack.result === undefined ? readRun(attack.script) : undefined;
    if (run === undefined) return [];
    const { args, told, tookSec } = run.outcome;
    const command = `npm run ${attack.script}${args.length === 0 ? '' : ` -- ${args.join(' ')}`}`;
    return [`**\`${command}\`**, ${tookSec} seconds. ${about(run)}\n\n\`\`\`text\n${told.join('\n')}\n\`\`\``];
  });
  return parts.length === 0 ? 'Not written down yet.' : parts.join('\n\n');
}

/** What came of it, in a few words. */
function summary(name: AttackName): string {
  switch (name) {
    case 'autobahn': {
      const groups = readResult(name)?.outcome.groups ?? [];
      const sum = (field: 'cases' | 'strict' | 'nonStrict' | 'informational' | 'declined') =>
        groups.reduce((all, group) => all + group[field], 0);
      const missing = missingGroups(groups);
      return `${sum('cases')} cases, none failed${missing === '' ? '' : ` (${missing} not run)`}: ${sum('strict')} strict, ${sum('nonStrict')} not as strict as could be, ${sum('informational')} informational, ${sum('declined')} about what is declined`;
    }
    case 'api': {
      const modes = readResult(name)?.outcome.modes ?? [];
      const requests = modes.reduce((all, mode) => all + mode.requests, 0);
      return `${requests.toLocaleString('en')} requests, ${modes.reduce((all, mode) => all + mode.failures, 0)} failures`;
    }
    case 'fuzz': {
      const targets = readResult(name)?.outcome.targets ?? [];
      return `${targets.reduce((all, { inputs }) => all + inputs, 0).toLocaleString('en')} inputs, no fault`;
    }
    case 'soak': {
      const outcome = readResult(name)?.outcome;
      const back = outcome?.returned.filter(({ isBack }) => isBack).length;
      return `${outcome?.minutes} minutes, ${back} of ${outcome?.returned.length} figures back within 2 %`;
    }
  }
}

function part<Name extends AttackName>(name: Name, show: (outcome: Outcomes[Name]) => string): string {
  const result = readResult(name);
  return result === undefined ? 'Not written down yet.' : `${about(result)}\n\n${show(result.outcome)}`;
}

function about({ date, versions, machine }: Result<unknown>): string {
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const { cpu, cores, memoryMib, system, load } = machine;
  return `${date}, with ${used.join(', ')}, on ${cpu}, ${cores} cores, ${Math.round(memoryMib / 1_024)} GiB, ${system}; load average at the end ${load}.`;
}

function autobahn({ groups, explanations }: Outcomes['autobahn']): string {
  const rows = groups.map(
    ({ group, about, cases, strict, nonStrict, informational, declined, date, versions }) =>
      `| ${group} | ${about} | ${cases} | ${strict} | ${nonStrict} | ${informational} | ${declined} | 0 | ${date}, Node ${versions.Node} |`,
  );
  const missing = missingGroups(groups);
  const reasons = explanations.map(({ cases, outcome, reason }) => `- ${shortened(cases)} (${outcome}): ${reason}`);
  return [
    '| group | about | cases | strict | not as strict | informational | declined | failed | run |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
    ...(missing === '' ? [] : [`Not run yet: ${missing}, of which nothing is said here.`, '']),
    ...(reasons.length > 0 ? ['Why some are not strict:', '', ...reasons] : ['All that are judged are strict.']),
  ].join('\n');
}

/** Groups that the run left out, in words; empty if none. */
function missingGroups(run: Outcomes['autobahn']['groups']): string {
  const left = Object.keys(allGroups).filter((group) => run.every((one) => `${one.group}` !== group));
  return left.length === 0 ? '' : `${left.length === 1 ? 'group' : 'groups'} ${left.join(', ')}`;
}

/** The first and the last of many. */
function shortened(cases: readonly string[]): string {
  return cases.length <= 6 ? cases.join(', ') : `${cases[0]} to ${cases.at(-1)}, ${cases.length} cases`;
}

function apiFuzz({ modes, seed, examples, tookSec }: Outcomes['api']): string {
  const rows = modes.map(
    ({ mode, checks, operations, requests, failures }) =>
      `| ${mode} | ${checks.map((check) => check.replaceAll('_', ' ')).join(', ')} | ${operations} | ${requests.toLocaleString('en')} | ${failures} |`,
  );
  return [
    '| errors | checks | operations | requests | failures |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    `Seed ${seed}, ${examples} requests by chance for each operation beside those for each keyword, ${tookSec} seconds.`,
  ].join('\n');
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

function soak({ minutes, seed, load, figures, returned }: Outcomes['soak']): string {
  const number = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 2 });
  const rows = returned.map(({ name, unit, before, after, isBack }) => {
    const change = before === 0 ? number(after) : `${(((after - before) / before) * 100).toFixed(1)} %`;
    return `| ${name} | ${number(before)} ${unit} | ${number(after)} ${unit} | ${change} | ${isBack ? 'yes' : 'no'} |`;
  });
  return [
    `${minutes} minutes, seed ${seed}${load === 1 ? '' : `, ${load} of the usual load`}: ${figures.map(({ name, value, unit }) => `${number(value)} ${unit === '' ? '' : `${unit} `}${name}`).join(', ')}.`,
    '',
    '| | before | after | change | back |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    `![Memory of the third node, and latency, over the run](${soakPicture})`,
  ].join('\n');
}
