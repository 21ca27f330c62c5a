/**
 * The API's form before Centrifugo 5, which `gocent` 3 and `phpcent` 4 use: `POST /api` with commands
 * `{"method":…,"params":…}` one after the other, and one answer a line. A command does what its method does.
 */

import * as v from 'valibot';
import { isFields } from '../../model/fields.js';
import { members } from '../../model/json-shape.js';
import { malformed } from './api-error.js';
import { type Call, methodNamed, noMethod, type Outcome, runCalls } from './calls.js';
import { paramsShape, parseBody } from './endpoint.js';
import { recordFailure } from './failure.js';
import { type ApiCall, parseCall } from './method.js';
import { apiMethods } from './methods.js';

const command = v.object({
  id: v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0),
  method: v.union([v.string(), v.pipe(v.number(), v.integer())]),
  params: v.optional(v.unknown()),
});
type Command = v.InferOutput<typeof command>;
const commandShape = members({ params: paramsShape });

/**
 * Resolves with the answers, as lines of JSON. If anything in the body is invalid, no command runs.
 *
 * @throws ApiError, FanfareError when the whole cannot be run
 */
export async function runLines(text: string, parts: ApiCall): Promise<string> {
  const commands = objectsOf(text).map((object) => commandOf(object, parts));
  if (commands.length === 0) throw malformed('a command is expected');
  const outcomes = await runCalls(commands.map(callOf), false, parts);
  return outcomes.map((outcome, at) => answerText(commands[at]?.id ?? 0, outcome, parts)).join('\n');
}

function commandOf(text: string, parts: ApiCall): Command {
  const object = parseBody(text, commandShape);
  // Not a call at all, so nothing of the body runs.
  if (!isFields(object) || object.method === undefined) throw malformed('a command has a method');
  return parseCall('lines', command, object, parts);
}

function callOf({ method, params }: Command): Call {
  return { method: methodOf(method), params: isEmpty(params) ? {} : translated(params) };
}

/** Absent, or PHP's form of an empty map. */
function isEmpty(params: unknown): boolean {
  return params == null || (Array.isArray(params) && params.length === 0);
}

function methodOf(method: string | number) {
  if (typeof method === 'string') return methodNamed(method.toLowerCase());
  const numbered = apiMethods.find(({ number }) => number === method);
  return numbered ?? noMethod('there is no method with this number', 'unknown method');
}

/** `gocent` spells two fields as in Go, and sends a third that is redundant. */
function translated(params: unknown): unknown {
  if (!isFields(params)) return params;
  const { Disconnect, ClientWhitelist, ...fields } = params;
  const disconnect = fields.disconnect ?? Disconnect;
  const whitelist = fields.whitelist ?? ClientWhitelist;
  return {
    ...fields,
    ...(disconnect != null && { disconnect: withoutAdvice(disconnect) }),
    ...(whitelist != null && { whitelist }),
  };
}

function withoutAdvice(disconnect: unknown): unknown {
  if (!isFields(disconnect)) return disconnect;
  const { reconnect: _, ...fields } = disconnect;
  return fields;
}

function answerText(id: number, outcome: Outcome, parts: ApiCall): string {
  const head = id === 0 ? '{' : `{"id":${id},`;
  if (outcome.ok) return `${head}"result":${outcome.result}}`;
  return `${head}"error":${recordFailure(outcome.name, outcome.cause, parts).text}}`;
}

/** The objects of a text, separated by white space only. @throws ApiError */
function objectsOf(text: string): string[] {
  const objects: string[] = [];
  const gap = /[ \t\r\n]*/y;
  for (let at = skip(gap, text, 0); at < text.length; ) {
    const end = text[at] === '{' ? endOfObject(text, at) : undefined;
    if (end === undefined) throw malformed('the body is not a sequence of JSON objects');
    objects.push(text.slice(at, end));
    at = skip(gap, text, end);
  }
  return objects;
}

function skip(gap: RegExp, text: string, from: number): number {
  gap.lastIndex = from;
  gap.test(text);
  return gap.lastIndex;
}

const quote = 0x22;
const backslash = 0x5c;
const opening = 0x7b;
const closing = 0x7d;

/** The index after its closing brace; the parser checks whether the object is JSON. */
function endOfObject(text: string, start: number): number | undefined {
  let depth = 0;
  let isInText = false;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) isInText = !isInText;
    else if (isInText) at += code === backslash ? 1 : 0;
    else if (code === opening) depth++;
    else if (code === closing && --depth === 0) return at + 1;
  }
  return undefined;
}
