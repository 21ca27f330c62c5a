/** The differences between two configurations, by names of options, without secrets. */

import { isDeepStrictEqual } from 'node:util';
import type { Config } from './config.js';
import { type OptionPath, optionAt, optionPaths } from './options.js';

export interface ConfigChanges {
  /** `origins`, `channels → chat:{room} (new)`, `token.secretFile (content)`. */
  readonly changed: readonly string[];
  readonly needRestart: readonly OptionPath[];
}

/** Options that name files, and the contents of these. */
const contents = {
  'token.secretFile': 'secrets',
  'token.keys': 'tokenKeys',
  'api.keysFile': 'apiKeys',
  'console.passwordFile': 'consolePasswords',
  'hooks.secretFile': 'hookSecrets',
  'tls.certFile': 'certificate',
} as const satisfies Partial<Record<OptionPath, keyof Config>>;

/**
 * @param started the configuration with which the server started
 * @param before the configuration in force until now
 */
export function changesOf(started: Config, before: Config, after: Config): ConfigChanges {
  const differing = (one: Config) =>
    optionPaths.filter((path) => !isDeepStrictEqual(one.values[path], after.values[path]));
  const changed = differing(before).flatMap((path) => (path === 'channels' ? ruleChanges(before, after) : [path]));
  for (const [path, member] of Object.entries(contents)) {
    if (!changed.includes(path) && fileOf(after, path) && !isDeepStrictEqual(before[member], after[member])) {
      changed.push(`${path} (content)`);
    }
  }
  return { changed, needRestart: differing(started).filter((path) => !isInForce(path, started, after)) };
}

function fileOf({ values }: Config, path: string): boolean {
  // safe: the paths of the table
  const value = values[path as keyof typeof contents];
  return value !== undefined && (!Array.isArray(value) || value.length > 0);
}

/** Without keys at the start there is no API, and TLS cannot be switched on for an open port. */
function isInForce(path: OptionPath, started: Config, after: Config): boolean {
  if (optionAt(path).reload === undefined) return false;
  if (path === 'api.keys' || path === 'api.keysFile') return started.apiKeys.length > 0;
  if (path === 'console.password' || path === 'console.passwordFile') return started.consolePasswords.length > 0;
  if (path === 'tls.certFile' || path === 'tls.keyFile') {
    return started.certificate !== undefined && after.certificate !== undefined;
  }
  return true;
}

function ruleChanges({ values: before }: Config, { values: after }: Config): string[] {
  const patterns = [...new Set([...Object.keys(before.channels), ...Object.keys(after.channels)])];
  const changes = patterns.flatMap((pattern) => {
    const what = difference(before.channels[pattern], after.channels[pattern]);
    return what === undefined ? [] : [`channels → ${pattern} (${what})`];
  });
  // Another order is a change, since the first match applies.
  return changes.length === 0 ? ['channels (order)'] : changes;
}

function difference(before: object | undefined, after: object | undefined): string | undefined {
  if (before === undefined) return 'new';
  if (after === undefined) return 'gone';
  return isDeepStrictEqual(before, after) ? undefined : 'changed';
}
