/**
 * A run of the suite in parts, several at once: a fuzzing client of its own for each. What a part has found stays in the folder of
 * the report, so that a run that was interrupted can go on.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Suite } from './install.js';
import type { CaseReport, CaseReports } from './verdicts.js';

const agent = 'Fanfare';

export interface PartsOptions {
  readonly suite: Suite;
  /** Of the endpoint. */
  readonly url: string;
  /** For the reports; what else is in it stays. */
  readonly folder: string;
  /** Patterns of cases, with commas: `9.3.*`, `12.3.1,12.3.2`. */
  readonly parts: readonly string[];
  /** So many fuzzing clients share them. */
  readonly atOnce: number;
  /** Called for each case that begins, in words for whoever waits. */
  readonly show: (text: string) => void;
}

const numbers = (count: number, first = 1) => Array.from({ length: count }, (_, n) => first + n);

/** Subgroups of 18 cases, of which the last ones exchange a thousand messages of 128 KiB each. */
const compressing: Readonly<Record<string, number>> = { '12.*': 5, '13.*': 7 };
const [casesEach, casesOfPart] = [18, 3] as const;

/**
 * Groups whose cases take long come apart, since a client runs its cases one after the other, and what it has found is lost when
 * it is interrupted.
 *
 * @param patterns as the suite takes them: `7.*`, `6.4.1`
 */
export function partsOf(patterns: readonly string[]): string[] {
  return patterns.flatMap((pattern) => {
    if (pattern === '9.*') return numbers(8).map((subgroup) => `9.${subgroup}.*`);
    const subgroups = compressing[pattern];
    if (subgroups === undefined) return [pattern];
    const group = pattern.replace('.*', '');
    return numbers(subgroups).flatMap((subgroup) =>
      numbers(casesEach / casesOfPart).map((n) =>
        numbers(casesOfPart, (n - 1) * casesOfPart + 1)
          .map((one) => `${group}.${subgroup}.${one}`)
          .join(','),
      ),
    );
  });
}

/**
 * Makes the folder ready for a run. Parts with a case that has failed do not count: the suite gives each so many seconds, which
 * are too few on a machine with much other work.
 *
 * @param mark what a run is about, versions and sources: only parts of a run with the same one count
 * @param goesOn whether such parts count at all
 */
export function prepareFolder(folder: string, mark: string, goesOn: boolean): void {
  const file = join(folder, 'run.txt');
  if (!(goesOn && existsSync(file) && readFileSync(file, 'utf8') === mark))
    rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, mark);
  for (const { name } of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const cases = Object.values(readPart(folder, name) ?? {});
    if (cases.some(({ behavior }) => behavior === 'FAILED'))
      rmSync(folderOf(folder, name), { recursive: true, force: true });
  }
}

/** Runs the parts that are not there yet. @throws Error when a client did not end well */
export async function runParts(options: PartsOptions): Promise<CaseReports> {
  const { parts, atOnce, folder, show } = options;
  const left = parts.filter((part) => readPart(folder, part) === undefined);
  if (left.length < parts.length) show(`${parts.length - left.length} of ${parts.length} parts are there already`);
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let part = left.shift(); part !== undefined; part = left.shift()) await runPart(options, part);
    }),
  );
  return Object.assign({}, ...parts.map((part) => readPart(folder, part)));
}

async function runPart({ suite, url, folder, show }: PartsOptions, part: string): Promise<void> {
  const outdir = folderOf(folder, part);
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir);
  const spec = join(outdir, 'spec.json');
  writeFileSync(
    spec,
    JSON.stringify({
      outdir,
      servers: [{ agent, url, options: { version: 18 } }],
      cases: part.split(','),
      options: { failByDrop: false },
      'exclude-cases': [],
      'exclude-agent-cases': {},
    }),
  );
  const run = 'import sys; from autobahntestsuite.wstest import run; sys.exit(run())';
  const child = spawn(suite.python, ['-c', run, '--mode', 'fuzzingclient', '--spec', spec], {
    env: suite.env,
    cwd: outdir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-10_000);
      for (const [, id] of text.matchAll(/Running test case ID (\S+)/g)) show(`case ${id}`);
    });
  }
  const [code] = await once(child, 'close');
  if (code !== 0 || readPart(folder, part) === undefined)
    throw new Error(`the fuzzing client of ${part} ended with ${code}:\n${output}`);
}

/** The suite writes its index when all cases of a part are over. */
function readPart(folder: string, part: string): CaseReports | undefined {
  const file = join(folderOf(folder, part), 'index.json');
  if (!existsSync(file)) return undefined;
  // safe: the suite's own report; what is not in it is judged as missing
  const index = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, CaseReports>>;
  const cases = Object.entries(index[agent] ?? {});
  if (cases.length === 0) return undefined;
  return Object.fromEntries(cases.map(([id, report]) => [id, { ...report, ...reasonOf(folder, part, report) }]));
}

/** Of a case that has failed, in the words of its own report. */
function reasonOf(folder: string, part: string, { behavior, reportfile }: CaseReport): Pick<CaseReport, 'result'> {
  const file = join(folderOf(folder, part), reportfile ?? '');
  if (behavior !== 'FAILED' || reportfile === undefined || !existsSync(file)) return {};
  // safe: the suite's own report
  const { result } = JSON.parse(readFileSync(file, 'utf8')) as Pick<CaseReport, 'result'>;
  return result === undefined ? {} : { result };
}

const folderOf = (folder: string, part: string) => join(folder, part.replaceAll('*', 'all'));
