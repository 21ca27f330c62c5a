/** The sources of option values: a file, the environment, flags. Each layer has its values and their places. */

import { closest } from '../model/closest.js';
import type { Given } from './option-table.js';
import { type OptionPath, optionAt, optionPaths, optionTable } from './options.js';
import type { ConfigProblem } from './problem.js';

export interface LayerOutcome {
  readonly layer: ReadonlyMap<OptionPath, Given>;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly string[];
}

export function fileLayer(content: unknown, where: string): LayerOutcome {
  const problems: ConfigProblem[] = [];
  const layer = optionTable.read(content, where, (_, key, message) => problems.push({ key, where, message }));
  return { layer, problems, warnings: [] };
}

const environmentPrefix = 'FANFARE_';

/** `limits.pingInterval` is `FANFARE_LIMITS_PING_INTERVAL`. */
export function environmentName(path: OptionPath): string {
  return environmentPrefix + words(path).join('_').toUpperCase();
}

/** `limits.pingInterval` is `limits-ping-interval`, written with two dashes before it. */
export function flagName(path: string): string {
  return words(path).join('-').toLowerCase();
}

function words(path: string): string[] {
  return path.replace(/[A-Z]/g, (letter) => `.${letter}`).split('.');
}

/** Variables of commands that are not options of the server. */
export const commandVariables = { config: 'FANFARE_CONFIG', url: 'FANFARE_URL', token: 'FANFARE_TOKEN' } as const;

/** Variables that Kubernetes sets in every pod for a Service named `fanfare`: FANFARE_PORT=tcp://10.0.0.1:8000, … */
const serviceVariable = /^FANFARE_(SERVICE_(HOST|PORT)(_.*)?|PORT_\d+_(TCP|UDP)(_.*)?)$/;
const serviceAddress = /^(tcp|udp):\/\//;

export function environmentLayer(env: Readonly<Record<string, string | undefined>>): LayerOutcome {
  const layer = new Map<OptionPath, Given>();
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  const known = new Map(optionPaths.map((path) => [environmentName(path), path]));
  const others: ReadonlySet<string> = new Set(Object.values(commandVariables));
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(environmentPrefix) || value === undefined || others.has(name)) continue;
    const path = known.get(name);
    if (serviceVariable.test(name)) continue;
    if (path === 'port' && serviceAddress.test(value)) {
      warnings.push(`${name} is ignored: it is what Kubernetes sets for a Service named "fanfare"`);
    } else if (path === undefined) {
      const meant = closest(name, [...known.keys(), ...others]);
      const message = `is unknown${meant === undefined ? '' : `; did you mean ${meant}?`}`;
      problems.push({ key: name, where: 'environment', message });
    } else {
      layer.set(path, { value: optionAt(path).kind.fromText(value), where: name });
    }
  }
  return { layer, problems, warnings };
}

/** @param flags texts of the flags that were given; of a switch, `true` or `false` */
export function flagLayer(flags: ReadonlyMap<OptionPath, string>): LayerOutcome {
  const layer = new Map<OptionPath, Given>();
  const warnings: string[] = [];
  for (const [path, value] of flags) {
    const { kind, secret } = optionAt(path);
    const where = `--${flagName(path)}`;
    if (secret) warnings.push(`${where}: other users of this machine can see it in the list of processes`);
    layer.set(path, { value: kind.fromText(value), where });
  }
  return { layer, problems: [], warnings };
}
