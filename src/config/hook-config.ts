/** Hooks in a configuration file: their addresses, headers and events. */

import * as v from 'valibot';
import { strictObject } from './channel-config.js';
import { emulatedNames, headerNames, staticHeaders } from './header-names.js';
import { duration, fromJson, type OptionKind, splitList } from './option-kinds.js';

export const maxHookTimeoutMs = 10_000;

const eventTypes = [
  'connected',
  'disconnected',
  'subscribed',
  'unsubscribed',
  'join',
  'leave',
  'occupied',
  'vacated',
  'cancelled',
] as const;

const address = v.pipe(v.string('is not a text'), v.check(isAddress, 'is neither an http or https address nor a path'));

/** Without credentials, which belong into a header, since addresses are logged. */
function isAddress(value: string): boolean {
  if (value.startsWith('/')) return true;
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}

const endpointEntries = {
  url: address,
  timeout: v.optional(duration({ min: 1, max: maxHookTimeoutMs }).schema),
  headers: v.optional(headerNames),
  emulatedHeaders: v.optional(emulatedNames),
  staticHeaders: v.optional(staticHeaders),
  includeMeta: v.optional(v.boolean('is neither true nor false')),
};
const endpoint = strictObject(endpointEntries);

/** Missing fields come from the options for all hooks. */
export type HookConfig = v.InferOutput<typeof endpoint>;
type HookConfigInput = string | v.InferInput<typeof endpoint>;

/** A URL, or an object with one. In text: the URL, or JSON. */
export function hook(): OptionKind<HookConfigInput, HookConfig> {
  return {
    name: 'URL, or an object with url, timeout, headers, emulatedHeaders, staticHeaders, includeMeta',
    schema: v.pipe(
      v.custom<HookConfigInput>(() => true),
      v.transform((value) => (typeof value === 'string' ? { url: value } : value)),
      endpoint,
    ),
    fromText: (text) => (text.startsWith('{') ? fromJson(text) : text),
    format: ({ url }) => url,
  };
}

/** The base address of hooks that are paths. */
export function baseUrl(): OptionKind<string, string> {
  const isBase = (value: string) => !value.startsWith('/') && !value.includes('?') && !value.includes('#');
  return {
    name: 'URL',
    schema: v.pipe(
      v.string('is not a text'),
      v.check((value) => isBase(value) && isAddress(value), 'is not an http or https address without a query'),
    ),
    fromText: (text) => text,
    format: (value) => value,
  };
}

/** Names of headers. In text: with commas between them. */
export function headerList(isEmulated = false): OptionKind<string[], readonly string[]> {
  return {
    name: 'list of header names',
    schema: isEmulated ? emulatedNames : headerNames,
    fromText: splitList,
    format: (value) => (value.length === 0 ? 'none' : value.join(', ')),
    isList: true,
  };
}

/** Headers and their values. In text: JSON. */
export function headerValues(): OptionKind<Record<string, string>, Readonly<Record<string, string>>> {
  return {
    name: 'object of header names and values',
    schema: staticHeaders,
    fromText: fromJson,
    format: (value) => Object.keys(value).join(', ') || 'none',
  };
}

type HookEventType = (typeof eventTypes)[number];

/** In text: with commas between them. */
export function eventList(): OptionKind<HookEventType[], readonly HookEventType[]> {
  return {
    name: `list of ${eventTypes.join(', ')}`,
    schema: v.array(v.picklist(eventTypes, `is none of ${eventTypes.join(', ')}`), 'is not a list'),
    fromText: splitList,
    format: (value) => value.join(', '),
    isList: true,
  };
}

export const allEventTypes: readonly HookEventType[] = eventTypes;
