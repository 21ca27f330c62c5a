/** Kinds of option values: their schemas, their form as text (environment, flags), and how they are shown. */

import * as v from 'valibot';
import { parseDurationMs } from '../engine/time/duration.js';
import { closest } from '../model/closest.js';
import { originFault } from '../model/origin.js';
import { brokerSchemes } from './broker-kinds.js';

/** One kind of value. `Input` is the type in a configuration file, `Output` the parsed type. */
export interface OptionKind<Input, Output> {
  /** For people: `duration`, `true or false`. */
  readonly name: string;
  readonly schema: v.GenericSchema<Input, Output>;
  /** Converts the text of an environment variable or flag to a file's value; returns invalid text unchanged. */
  fromText(text: string): unknown;
  /** The value as a person would write it. */
  format(value: Output): string;
  /** A flag of this kind needs no value. */
  readonly isSwitch?: true;
  /** A flag of this kind may be given several times. */
  readonly isList?: true;
}

const maxInteger = 2_147_483_647;

export interface Range {
  /** Default: 0. */
  readonly min?: number;
  /** Default: 2,147,483,647. */
  readonly max?: number;
}

const asIs = (text: string): string => text;

/** What is not JSON stays a text: the schema reports it, with the name of the option. */
export function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function numberOr(text: string): unknown {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function inRange({ min = 0, max = maxInteger }: Range, show: (value: number) => string = String) {
  return v.pipe(
    v.number('is not a number'),
    v.integer('is not a whole number'),
    v.minValue(min, min === 0 ? 'is negative' : `is below ${show(min)}`),
    v.maxValue(max, `is above ${show(max)}`),
  );
}

export function integer(range: Range = {}): OptionKind<number, number> {
  return { name: 'number', schema: inRange(range), fromText: numberOr, format: String };
}

const byteUnits: Readonly<Record<string, number>> = { B: 1, KiB: 1_024, MiB: 1_048_576 };
const bytesPattern = /^(\d{1,10}) ?(B|KiB|MiB)$/;

/** `65536`, `"64KiB"`, `"1MiB"`; in bytes. */
export function bytes(range: Range = {}): OptionKind<number | string, number> {
  const schema = v.pipe(
    v.union([v.number(), v.string()], 'is not a number of bytes'),
    v.transform((value) => (typeof value === 'string' ? (parseBytes(value) ?? value) : value)),
    v.number('is not a size; write a number of bytes, or one with its unit: 64KiB, 1MiB'),
    inRange(range, formatBytes),
  );
  return { name: 'bytes', schema, fromText: numberOr, format: formatBytes };
}

function parseBytes(text: string): number | undefined {
  const match = bytesPattern.exec(text);
  return match === null ? undefined : Number(match[1]) * (byteUnits[match[2] ?? ''] ?? Number.NaN);
}

function formatBytes(value: number): string {
  const unit = value === 0 ? undefined : ['MiB', 'KiB'].find((name) => value % (byteUnits[name] ?? 1) === 0);
  return unit === undefined ? String(value) : `${value / (byteUnits[unit] ?? 1)}${unit}`;
}

/** `"25s"`, in milliseconds. Only 0 may have no unit. */
export function duration(range: Range = {}): OptionKind<string | number, number> {
  const schema = v.pipe(
    v.union([v.string(), v.literal(0)], 'is not a duration; write a whole number with its unit, like "25s"'),
    v.check((value) => typeof value !== 'string' || !value.startsWith('-'), 'is negative'),
    v.transform((value) => (typeof value === 'string' && value !== '0' ? (parseDurationMs(value) ?? value) : 0)),
    v.number('is not a duration; write a whole number with its unit (ms, s, m, h, d), like "25s"'),
    inRange(range, formatDuration),
  );
  return { name: 'duration', schema, fromText: asIs, format: formatDuration };
}

const durationUnits = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

export function formatDuration(ms: number): string {
  const unit = ms === 0 ? undefined : durationUnits.find(([, length]) => ms % length === 0);
  return unit === undefined ? (ms === 0 ? '0s' : `${ms}ms`) : `${ms / unit[1]}${unit[0]}`;
}

export function flag(): OptionKind<boolean, boolean> {
  const words: Readonly<Record<string, boolean>> = { true: true, false: false };
  return {
    name: 'true or false',
    schema: v.boolean('is neither true nor false'),
    fromText: (text) => (Object.hasOwn(words, text) ? words[text] : text),
    format: String,
    isSwitch: true,
  };
}

export const filledText = v.pipe(v.string('is not a text'), v.nonEmpty('is empty'));

export function text(check?: { readonly pattern: RegExp; readonly message: string }): OptionKind<string, string> {
  const schema = check === undefined ? filledText : v.pipe(filledText, v.regex(check.pattern, check.message));
  return { name: 'text', schema, fromText: asIs, format: asIs };
}

export function choice<const Choice extends string>(choices: readonly Choice[]): OptionKind<Choice, Choice> {
  const schema = v.picklist(choices, `is none of ${choices.join(', ')}`);
  return { name: choices.join(', '), schema, fromText: asIs, format: (value) => value };
}

export function splitList(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

/** In text: with commas between the entries. */
export function list(): OptionKind<string[], readonly string[]> {
  return {
    name: 'list of texts',
    schema: v.array(filledText, 'is not a list of texts'),
    fromText: splitList,
    format: (value) => (value.length === 0 ? 'none' : value.join(', ')),
    isList: true,
  };
}

export type Origins = readonly string[] | '*';

const origin = v.pipe(
  v.string('is not a text'),
  v.rawCheck(({ dataset, addIssue }) => {
    const fault = dataset.typed ? originFault(dataset.value) : undefined;
    if (fault !== undefined) addIssue({ message: fault });
  }),
);

/** Exact origins, or `*`. */
export function origins(): OptionKind<string[] | '*', Origins> {
  return {
    name: 'list of origins, or *',
    schema: v.union(
      [v.literal('*'), v.array(origin)],
      (issue) => firstNested(issue) ?? 'is not a list of origins, or "*"',
    ),
    fromText: (text) => (text === '*' ? text : splitList(text)),
    format: (value) => (value === '*' ? value : value.length === 0 ? 'none' : value.join(', ')),
    isList: true,
  };
}

/** A union's own message hides the problem inside the intended alternative. */
function firstNested(issue: { readonly issues?: readonly v.BaseIssue<unknown>[] | undefined }): string | undefined {
  return issue.issues?.find((nested) => nested.path !== undefined)?.message;
}

/**
 * One or several, the first of which signs. A text is one secret, even with commas: if it were split, its parts would
 * be accepted as keys. Several are a list in a configuration file, or lines of a secret file.
 */
export function secrets(): OptionKind<string | string[], readonly string[]> {
  const schema = v.pipe(
    v.union([v.string(), v.array(v.string())], 'is neither a text nor a list of texts'),
    v.transform((value): readonly string[] => (typeof value === 'string' ? [value] : value)),
  );
  return {
    name: 'secret; in the configuration file a list of them too',
    schema,
    fromText: asIs,
    format: () => '(secret)',
  };
}

/** @returns why it is not a broker, or `undefined` */
function brokerFault(address: string): string | undefined {
  if (address === 'memory') return undefined;
  const [, word = '', isAddress] = /^([\w+]*)(:\/\/\S)?/.exec(address) ?? [];
  if (isAddress !== undefined && brokerSchemes.includes(word)) return undefined;
  const meant = closest(word, brokerSchemes);
  if (meant === 'memory') return 'is not a broker; did you mean "memory"?';
  if (meant !== undefined) return `is no broker; it is an address like "${meant}://localhost"`;
  return 'is no broker that there is; there are memory, and addresses that begin with redis://, nats:// or amqp:// (RabbitMQ)';
}

/** `memory`, or the address of the broker. Passwords in it are not shown. */
export function broker(): OptionKind<string, string> {
  return {
    name: 'memory, or an address',
    schema: v.pipe(
      filledText,
      v.rawCheck(({ dataset, addIssue }) => {
        const fault = dataset.typed ? brokerFault(dataset.value) : undefined;
        if (fault !== undefined) addIssue({ message: fault });
      }),
    ),
    fromText: asIs,
    format: (value) => value.replace(/\/\/[^/\s]*@/g, '//(secret)@'),
  };
}
