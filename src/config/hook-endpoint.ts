/** The effective options of a hook: its own, and those for all hooks. */

import type { HookConfig } from './hook-config.js';
import type { OptionValues } from './options.js';

/** The options that hold a hook. */
export const hookPaths = [
  'hooks.connect',
  'hooks.refresh',
  'hooks.subscribe',
  'hooks.subRefresh',
  'hooks.publish',
  'hooks.rpc',
  'hooks.events',
] as const;

export interface HookEndpoint {
  readonly url: URL;
  readonly timeoutMs: number;
  /** Names of headers are in lower case. */
  readonly headers: readonly string[];
  readonly emulatedHeaders: readonly string[];
  readonly staticHeaders: Readonly<Record<string, string>>;
  readonly includeMeta: boolean;
}

/** `undefined`: there is no such hook, or it is a path without `hooks.url`. */
export function hookEndpoint(values: OptionValues, path: (typeof hookPaths)[number]): HookEndpoint | undefined {
  const hook: HookConfig | undefined = values[path];
  const url = hook && addressOf(hook.url, values['hooks.url']);
  if (hook === undefined || url === undefined) return undefined;
  return {
    url,
    timeoutMs: hook.timeout ?? values['hooks.timeout'],
    headers: hook.headers ?? values['hooks.headers'],
    emulatedHeaders: hook.emulatedHeaders ?? values['hooks.emulatedHeaders'],
    staticHeaders: hook.staticHeaders ?? values['hooks.staticHeaders'],
    includeMeta: hook.includeMeta ?? values['hooks.includeMeta'],
  };
}

/** A path is appended to the base and its path. */
function addressOf(url: string, base: string | undefined): URL | undefined {
  if (!url.startsWith('/')) return new URL(url);
  return base === undefined ? undefined : new URL(base.replace(/\/$/, '') + url);
}
