/** Merges the layers into one checked configuration: flags, then environment, then file, then defaults. */

import { basename, resolve } from 'node:path';
import * as v from 'valibot';
import { readTextFile } from './bounded-file.js';
import type { Config, Mode } from './config.js';
import { findConflicts, findWarnings } from './conflicts.js';
import { readConfigFile } from './file.js';
import { environmentLayer, fileLayer, flagLayer, type LayerOutcome } from './layers.js';
import type { Given } from './option-table.js';
import { type OptionPath, type OptionValues, optionAt, optionPaths, options } from './options.js';
import { type ConfigProblem, quote } from './problem.js';
import { looksLikeSeveral, secretFault, strongPassword, strongSecret } from './secret-check.js';
import { type CertificateConfig, readCertificate } from './tls-config.js';
import { pemOf } from './token-config.js';

export interface ConfigSources {
  /** The folder of the file. */
  readonly folder: string;
  /** Relative to the folder. Absent: one of the usual names, if it is there. */
  readonly path?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: ReadonlyMap<OptionPath, string>;
  readonly mode: Mode;
  /** Defaults of the mode, by the host to listen on. */
  readonly defaultsFor?: (host: string) => Partial<OptionValues>;
}

export type ConfigOutcome =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Reports all errors at once. */
export async function loadConfig(sources: ConfigSources): Promise<ConfigOutcome> {
  const read = await readConfigFile(sources.folder, sources.path);
  if (!read.ok) return { ok: false, problems: [{ key: '', where: read.where, message: read.message }] };
  const { file } = read;
  const fileName = file === undefined ? '' : (sources.path ?? basename(file.path));
  const layers: LayerOutcome[] = [
    flagLayer(sources.flags),
    environmentLayer(sources.env),
    ...(file === undefined ? [] : [fileLayer(file.content, fileName)]),
  ];
  const problems = layers.flatMap((layer) => layer.problems);
  const warnings = layers.flatMap((layer) => layer.warnings);
  const merged = merge(layers, sources, problems);
  const reading = { merged, sources, problems, warnings };
  const secrets = readSecrets('token.secret', 'token.secretFile', reading);
  const apiKeys = readSecrets('api.keys', 'api.keysFile', reading);
  const consolePasswords = readSecrets('console.password', 'console.passwordFile', reading, strongPassword);
  const hookSecrets = readSecrets('hooks.secret', 'hooks.secretFile', reading);
  for (const key of ['token.secret', 'api.keys', 'console.password', 'hooks.secret'] as const) {
    if (!file?.othersMayRead || merged.sources[key] !== fileName) continue;
    warnings.push(`${fileName} holds ${key} and every user of this machine can read it: chmod 600 ${fileName}`);
  }
  const tokenKeys = readTokenKeys(reading);
  const certificate = certificateOf(reading);
  const inForce = { secrets, tokenKeys, apiKeys, consolePasswords, hookSecrets, certificate };
  const config: Config = { mode: sources.mode, ...merged, ...inForce, path: file?.path, warnings };
  if (problems.length === 0) problems.push(...findConflicts(config));
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, config: { ...config, warnings: [...warnings, ...findWarnings(config)] } };
}

type Merged = Pick<Config, 'values' | 'sources'>;

function merge(
  layers: readonly LayerOutcome[],
  { defaultsFor, mode }: ConfigSources,
  problems: ConfigProblem[],
): Merged {
  const values: Partial<Record<OptionPath, unknown>> = {};
  const sources: Partial<Record<OptionPath, string>> = {};
  const host = layers.find(({ layer }) => layer.has('host'))?.layer.get('host')?.value ?? options.host.default;
  const defaults = defaultsFor?.(String(host)) ?? {};
  for (const path of optionPaths) {
    const isOfMode = Object.hasOwn(defaults, path);
    values[path] = isOfMode ? defaults[path] : optionAt(path).default;
    sources[path] = isOfMode ? `${mode} mode` : 'default';
    // From the weakest to the strongest; overridden values are checked too.
    for (const { layer } of layers.toReversed()) {
      const given = layer.get(path);
      if (given === undefined) continue;
      const checked = check(path, given);
      if ('problems' in checked) problems.push(...checked.problems);
      else values[path] = checked.value;
      sources[path] = given.where;
    }
  }
  // safe: every path has a value from its own schema, or a default
  return { values: values as OptionValues, sources: sources as Record<OptionPath, string> };
}

function check(path: OptionPath, { value, where }: Given): { value: unknown } | { problems: ConfigProblem[] } {
  const { kind, secret } = optionAt(path);
  const outcome = v.safeParse(kind.schema, value);
  if (outcome.success) return { value: outcome.output };
  const problems = outcome.issues.map((issue) => {
    const inner = issue.path?.map(({ key }) => String(key)) ?? [];
    return {
      key: [path, ...inner].join(' → '),
      where,
      message: issue.message + (secret ? '' : citation(value, issue)),
    };
  });
  return { problems };
}

/** The value as written; left out for an unknown key, which may be a secret. */
function citation(value: unknown, { path, expected }: v.BaseIssue<unknown>): string {
  const written = path === undefined ? value : path.at(-1)?.value;
  const isPlain = ['string', 'number', 'boolean'].includes(typeof written) || written === null;
  // The address of a broker may have a password in it.
  const shown = typeof written === 'string' ? written.replace(/\/\/\S*@/g, '//(secret)@') : written;
  return isPlain && expected !== 'never' ? ` (got ${quote(shown)})` : '';
}

const maxSecretFileBytes = 65_536;

/** What is being read, and where problems are reported. */
interface Reading {
  readonly merged: Merged;
  readonly sources: ConfigSources;
  readonly problems: ConfigProblem[];
  readonly warnings: string[];
}

function readSecrets(
  plainKey: 'token.secret' | 'api.keys' | 'console.password' | 'hooks.secret',
  fileKey: 'token.secretFile' | 'api.keysFile' | 'console.passwordFile' | 'hooks.secretFile',
  reading: Reading,
  strength = strongSecret,
): readonly string[] {
  const { merged, sources, problems, warnings } = reading;
  const given = merged.values[plainKey];
  const file = merged.values[fileKey];
  const problem = (key: OptionPath, message: string) => problems.push({ key, where: merged.sources[key], message });
  if (given !== undefined && file !== undefined && merged.sources[plainKey] !== `${sources.mode} mode`) {
    problem(plainKey, `and ${fileKey} (${merged.sources[fileKey]}) are both set`);
    return [];
  }
  const key = file === undefined ? plainKey : fileKey;
  const secrets = file === undefined ? (given ?? []) : secretsOfFile(fileKey, file, reading);
  if (given?.length === 0) problem(key, 'is empty');
  for (const secret of secrets) {
    const fault = secretFault(secret, strength);
    if (fault !== undefined) problem(key, fault);
  }
  const [only = ''] = secrets;
  if (file === undefined && secrets.length === 1 && looksLikeSeveral(only)) {
    const where = merged.sources[plainKey];
    warnings.push(`${plainKey} (${where}) is one secret, commas and all; several go into ${fileKey}, one a line`);
  }
  return secrets;
}

function readTokenKeys({ merged, sources, problems }: Reading): Config['tokenKeys'] {
  return (merged.values['token.keys'] ?? []).map(({ file, key, ...rest }) => {
    const read = pemOf({ file, key }, sources.folder);
    if (!read.ok) problems.push({ key: 'token.keys', where: merged.sources['token.keys'], message: read.message });
    return { ...rest, key: read.ok ? read.pem : '' };
  });
}

function certificateOf({ merged, sources, problems, warnings }: Reading): CertificateConfig | undefined {
  const certFile = merged.values['tls.certFile'];
  const keyFile = merged.values['tls.keyFile'];
  if (certFile === undefined && keyFile === undefined) return undefined;
  const problem = (key: OptionPath, message: string) => problems.push({ key, where: merged.sources[key], message });
  if (keyFile === undefined) problem('tls.certFile', 'needs tls.keyFile');
  else if (certFile === undefined) problem('tls.keyFile', 'needs tls.certFile');
  else {
    const read = readCertificate({ certFile, keyFile }, sources.folder);
    if (read.ok) {
      warnings.push(...read.warnings);
      return read.certificate;
    }
    problem(`tls.${read.key}`, read.message);
  }
  return undefined;
}

function secretsOfFile(
  key: OptionPath,
  file: string,
  { merged, sources, problems, warnings }: Reading,
): readonly string[] {
  const where = merged.sources[key];
  const read = readTextFile(resolve(sources.folder, file), maxSecretFileBytes);
  if (!read.ok) {
    problems.push({ key, where, message: `${quote(file)} ${read.message}` });
    return [];
  }
  if (read.othersMayRead) warnings.push(`${key}: every user of this machine can read ${file}: chmod 600 ${file}`);
  const secrets = read.text.split(/\r?\n/).filter((line) => line !== '');
  if (secrets.length === 0) problems.push({ key, where, message: `${quote(file)} is empty` });
  return secrets;
}
