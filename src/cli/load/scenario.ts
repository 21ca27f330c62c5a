/** Reads a scenario from a file and flags, and reports everything that is wrong with it at once. */

import { resolve } from 'node:path';
import * as v from 'valibot';
import { ClientError } from '../../client/client-error.js';
import { endpointsOf } from '../../client/endpoint-url.js';
import { readTextFile } from '../../config/bounded-file.js';
import { readConfigFile } from '../../config/file.js';
import { flagName } from '../../config/layers.js';
import type { FileFault, Given } from '../../config/option-table.js';
import { type ConfigProblem, quote } from '../../config/problem.js';
import { type FieldPath, type ScenarioValues, scenarioTable } from './scenario-fields.js';

/** What kind of problem it is; the message may change. */
export type ScenarioProblemCode = 'unreadable' | 'unknown' | 'invalid' | 'conflict';

export interface ScenarioProblem extends ConfigProblem {
  readonly code: ScenarioProblemCode;
}

/** With the contents of the files that it names. */
export type Scenario = ScenarioValues;

export type ScenarioOutcome =
  | { readonly ok: true; readonly scenario: Scenario }
  | { readonly ok: false; readonly problems: readonly ScenarioProblem[] };

export interface ScenarioSources {
  /** Paths are relative to it. */
  readonly folder: string;
  /** YAML or JSON. */
  readonly file?: string;
  /** Texts of flags, by field; they win. */
  readonly flags: ReadonlyMap<FieldPath, string>;
  /** Values of the environment, which a file or a flag replaces. */
  readonly fallbacks?: Partial<Record<FieldPath, string>>;
}

const maxKeyBytes = 65_536;

export async function readScenario(sources: ScenarioSources): Promise<ScenarioOutcome> {
  const problems: ScenarioProblem[] = [];
  const given = new Map<FieldPath, Given>();
  for (const [path, value] of Object.entries(sources.fallbacks ?? {})) {
    if (scenarioTable.has(path)) given.set(path, { value, where: 'environment' });
  }
  if (sources.file !== undefined) {
    const read = await readConfigFile(sources.folder, sources.file);
    if (read.ok) {
      const where = sources.file;
      const problem = (code: FileFault, key: string, message: string) => problems.push({ code, key, where, message });
      for (const [path, one] of scenarioTable.read(read.file?.content, where, problem)) given.set(path, one);
    } else problems.push({ code: 'unreadable', key: '', where: read.where, message: read.message });
  }
  for (const [path, text] of sources.flags) {
    given.set(path, { value: scenarioTable.at(path).kind.fromText(text), where: `--${flagName(path)}` });
  }
  const values = decode(given, problems);
  if (problems.length === 0) readSecretFiles(sources.folder, values, given, problems);
  // safe: each value was decoded by its field's schema
  const scenario = values as unknown as Scenario;
  if (problems.length === 0) problems.push(...conflictsIn(scenario, given));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, scenario };
}

function decode(
  given: ReadonlyMap<FieldPath, Given>,
  problems: ScenarioProblem[],
): Partial<Record<FieldPath, unknown>> {
  const values: Partial<Record<FieldPath, unknown>> = {};
  for (const path of scenarioTable.paths) {
    const { kind, default: usual, secret } = scenarioTable.at(path);
    const one = given.get(path);
    values[path] = usual;
    if (one === undefined) continue;
    const result = v.safeParse(kind.schema, one.value);
    if (result.success) {
      values[path] = result.output;
      continue;
    }
    const { message } = result.issues[0];
    const got = secret ? '' : ` (got ${quote(one.value)})`;
    problems.push({ code: 'invalid', key: path, where: one.where, message: `${message}${got}` });
  }
  return values;
}

function readSecretFiles(
  folder: string,
  values: Partial<Record<FieldPath, unknown>>,
  given: ReadonlyMap<FieldPath, Given>,
  problems: ScenarioProblem[],
): void {
  for (const [secret, file] of [
    ['secret', 'secretFile'],
    ['publish.apiKey', 'publish.apiKeyFile'],
  ] as const) {
    const name = values[file];
    if (typeof name !== 'string') continue;
    const where = given.get(file)?.where ?? file;
    if (values[secret] !== undefined) {
      problems.push({ code: 'conflict', key: file, where, message: `and ${secret} exclude each other` });
      continue;
    }
    const read = readTextFile(resolve(folder, name), maxKeyBytes);
    if (read.ok) values[secret] = read.text.split('\n', 1)[0]?.trim() ?? '';
    else problems.push({ code: 'unreadable', key: file, where, message: `(${name}) ${read.message}` });
  }
}

function conflictsIn(scenario: Scenario, given: ReadonlyMap<FieldPath, Given>): ScenarioProblem[] {
  const problems: ScenarioProblem[] = [];
  const conflict = (key: FieldPath, message: string) =>
    problems.push({ code: 'conflict', key, where: given.get(key)?.where ?? 'default', message });
  const weights = ['websocket', 'httpStream', 'sse', 'longPolling'] as const;
  if (!addressIsValid(scenario.url)) conflict('url', `is no endpoint (got ${quote(scenario.url)})`);
  if (scenario.token !== undefined && scenario.secret !== undefined) conflict('token', 'and secret exclude each other');
  if (weights.every((name) => scenario[`mix.${name}`] === 0))
    conflict('mix.websocket', 'and the other transports are 0: no connection has one');
  if (scenario['channels.perConnection'] > scenario['channels.count'])
    conflict('channels.perConnection', `is above channels.count (${scenario['channels.count']})`);
  if (scenario['publish.thinkTime'] !== undefined && given.has('publish.rate'))
    conflict('publish.thinkTime', 'and publish.rate exclude each other');
  if (scenario['publish.from'] === 'subscribers' && scenario['channels.perConnection'] === 0)
    conflict('publish.from', 'is subscribers, and channels.perConnection is 0: there are none');
  if (scenario['storm.at'] !== undefined && scenario['storm.at'] >= scenario.duration)
    conflict('storm.at', `is not before the end of duration (${scenario.duration} ms)`);
  if (scenario['storm.at'] === undefined && given.has('storm.share')) conflict('storm.share', 'needs storm.at');
  return problems;
}

function addressIsValid(url: string): boolean {
  try {
    endpointsOf(url, undefined);
    return true;
  } catch (error) {
    if (error instanceof ClientError) return false;
    throw error;
  }
}
