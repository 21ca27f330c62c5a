/** Parses a command line strictly: unknown flags, missing values and surplus arguments are errors. */

import { parseArgs } from 'node:util';
import { flagName } from '../config/layers.js';
import { type OptionPath, optionAt, optionPaths } from '../config/options.js';
import { closest } from '../model/closest.js';
import { type Command, type Flag, type ParsedArguments, UsageError } from './command.js';

/** Flags of every command. */
export const commonFlags: Readonly<Record<string, Flag>> = {
  config: {
    about: 'Configuration file. Default: fanfare.config.{ts,js,mjs}, fanfare.{json,yaml}.',
    value: 'file',
    short: 'c',
  },
  help: { about: 'Show this help.', short: 'h' },
};

interface KnownFlag extends Flag {
  readonly path?: OptionPath;
}

/** @throws UsageError */
export function parseCommandLine(command: Command, args: readonly string[]): ParsedArguments {
  const known = knownFlags(command);
  const options = Object.fromEntries([...known].map(([name, flag]) => [name, declaration(flag)]));
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const positionals: string[] = [];
  const flags = new Map<string, string[]>();
  const given = new Map<OptionPath, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, flag, value } = readFlag(known, token);
    const values = flags.get(name) ?? [];
    if (values.length > 0 && !flag.repeatable) throw new UsageError(`--${name} is there twice`);
    flags.set(name, [...values, value]);
    if (flag.path !== undefined) given.set(flag.path, [...values, value].join(','));
  }
  if (!flags.has('help')) checkCount(command, positionals);
  return { positionals, flags, options: given };
}

function knownFlags(command: Command): ReadonlyMap<string, KnownFlag> {
  const ofConfig = optionPaths.map((path): [string, KnownFlag] => {
    const { kind, about } = optionAt(path);
    return [
      flagName(path),
      { about, path, ...(!kind.isSwitch && { value: kind.name }), ...(kind.isList && { repeatable: true }) },
    ];
  });
  return new Map([...ofConfig, ...Object.entries(commonFlags), ...Object.entries(command.flags)]);
}

function declaration({ value, short }: Flag) {
  return { type: value === undefined ? ('boolean' as const) : ('string' as const), ...(short && { short }) };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function readFlag(known: ReadonlyMap<string, KnownFlag>, token: OptionToken) {
  const { name, rawName, value, inlineValue = false } = token;
  const positive = name.startsWith('no-') && !known.has(name) ? name.slice(3) : name;
  const flag = known.get(positive);
  if (flag === undefined || (positive !== name && flag.value !== undefined)) {
    const meant = closest(name, [...known.keys()]);
    throw new UsageError(`unknown flag ${rawName}${meant === undefined ? '' : `; did you mean --${meant}?`}`);
  }
  if (flag.value === undefined) {
    if (positive !== name && value !== undefined) throw new UsageError(`${rawName} takes no value`);
    return { name: positive, flag, value: positive === name ? (value ?? 'true') : 'false' };
  }
  if (value === undefined) throw new UsageError(`${rawName} needs a value: ${rawName} <${flag.value}>`);
  if (!inlineValue && value.startsWith('-') && value.length > 1) {
    throw new UsageError(`${rawName} needs a value; one that begins with a dash is written ${rawName}=${value}`);
  }
  return { name, flag, value };
}

function checkCount({ name, usage, positionals: count }: Command, positionals: readonly string[]): void {
  const { min, max } = count ?? { min: 0, max: 0 };
  if (positionals.length < min) throw new UsageError(`an argument is missing: fanfare ${name} ${usage}`);
  const extra = positionals[max];
  if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}": fanfare ${name} ${usage}`);
}
