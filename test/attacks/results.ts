/** What the attacks have come to, last time that somebody wrote it down: a file for each in results/, of which the page is made. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeMachine } from '../../bench/shared/machine.mjs';
import type { AutobahnOutcome } from './autobahn/merged.js';

export interface ApiFuzzOutcome {
  readonly modes: readonly {
    readonly mode: string;
    readonly checks: readonly string[];
    readonly operations: number;
    readonly requests: number;
    readonly failures: number;
  }[];
  readonly seed: number;
  /** Requests that chance made for each operation, beside those that cover each keyword of the document. */
  readonly examples: number;
  readonly tookSec: number;
}

export interface FuzzOutcome {
  readonly seed: number;
  readonly targets: readonly {
    readonly name: string;
    readonly about: string;
    readonly corpus: number;
    readonly inputs: number;
  }[];
  readonly tookSec: number;
}

export interface SoakOutcome {
  readonly minutes: number;
  readonly seed: number;
  /** Of the usual load. */
  readonly load: number;
  readonly figures: readonly { readonly name: string; readonly value: number; readonly unit: string }[];
  readonly returned: readonly {
    readonly name: string;
    readonly unit: string;
    readonly before: number;
    readonly after: number;
    readonly isBack: boolean;
  }[];
}

export interface Outcomes {
  autobahn: AutobahnOutcome;
  api: ApiFuzzOutcome;
  fuzz: FuzzOutcome;
  soak: SoakOutcome;
}

export type AttackName = keyof Outcomes;

/** Of the other attacks: what they have told, in their own words. */
interface RunOutcome {
  /** What followed `--`. */
  readonly args: readonly string[];
  readonly told: readonly string[];
  readonly tookSec: number;
}

export interface Result<Outcome> {
  /** `2026-11-30`. */
  readonly date: string;
  /** Of Fanfare, Node, and the other side. */
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryMib: number;
    readonly system: string;
    /** Processes that wanted a core at the end, in the mean of a minute: its own and those of others. */
    readonly load: number;
  };
  readonly outcome: Outcome;
}

const root = new URL('../../', import.meta.url);
const fileOf = (name: string) => fileURLToPath(new URL(`./results/${name}.json`, import.meta.url));
/** Of a script of package.json, whose colons no file of Windows may have. */
const runName = (script: string) => `run-${script.replaceAll(':', '-')}`;

/** `undefined` if nobody has written it down yet. */
export function readResult<Name extends AttackName>(name: Name): Result<Outcomes[Name]> | undefined {
  return read(name);
}

/** The same of a script that does not write its outcome down itself. */
export function readRun(script: string): Result<RunOutcome> | undefined {
  return read(runName(script));
}

/** @param versions of what it was done with, by name */
export function writeResult<Name extends AttackName>(
  name: Name,
  outcome: Outcomes[Name],
  versions: Readonly<Record<string, string>> = {},
): void {
  write(name, outcome, versions);
}

export function writeRun(script: string, outcome: RunOutcome): void {
  write(runName(script), outcome, {});
}

/** As results have it. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}

/** @param others of what it was done with, by name; @returns these, after Fanfare and Node */
export function ownVersions(others: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  return { Fanfare: version, Node: process.versions.node, ...others };
}

/** What a file of ours has: its type is what was written. */
function read(name: string) {
  const file = fileOf(name);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

function write(name: string, outcome: unknown, versions: Readonly<Record<string, string>>): void {
  const { cpu, cores, memoryMib, system, loadBefore: load } = describeMachine();
  const result: Result<unknown> = {
    date: today(),
    versions: ownVersions(versions),
    machine: { cpu, cores, memoryMib, system, load },
    outcome,
  };
  mkdirSync(new URL('./results/', import.meta.url), { recursive: true });
  writeFileSync(fileOf(name), `${JSON.stringify(result, null, 2)}\n`);
}
