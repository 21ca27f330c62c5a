/**
 * The form of the API from before Centrifugo 5, which `gocent` 3 and `phpcent` 4 speak: `POST /api` with commands
 * `{"method":…,"params":…}` one after the other, and an answer a line. What a command may do is what its method may.
 */

import * as v from 'valibot';
import { members } from '../../model/json-shape.js';
import { malformed } from './api-error.js';
import { type Call, methodNamed, noMethod, type Outcome, runCalls } from './calls.js';
import { paramsShape, parseBody } from './endpoint.js';
import { recordFailure } from './failure.js';
import { type ApiParts, isFields, parseCall } from './method.js';
import { apiMethods } from './methods.js';

const command = v.object({
  id: v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0),
  method: v.union([v.string(), v.pipe(v.number(), v.integer())]),
  params: v.optional(v.unknown()),
});
type Command = v.InferOutput<typeof command>;
const commandShape = members({ params: paramsShape });

/**
 * Resolves with the answers, as lines of JSON. Nothing is run of a body that is not right as a whole.
 *
 * @throws ApiError, FanfareError when the whole cannot be run
 */
export async function runLines(text: string, parts: ApiParts): Promise<string> {
  const commands = objectsOf(text).map((object) => commandOf(object, parts));
  if (commands.length === 0) throw malformed('a command is expected');
  const outcomes = await runCalls(commands.map(callOf), false, parts);
  return outcomes.map((outcome, at) => answerText(commands[at]?.id ?? 0, outcome, parts)).join('\n');
}

function commandOf(text: string, parts: ApiParts): Command {
  const object = parseBody(text, commandShape);
  // Not a call without a field, but none at all: nothing else of the body is run.
  if (!isFields(object) || object.method === undefined) throw malformed('a command has a method');
  return parseCall('lines', command, object, parts);
}

function callOf({ method, params }: Command): Call {
  return { method: methodOf(method), params: isEmpty(params) ? {} : translated(params) };
}

/** Nothing, also as PHP writes a map without members. */
function isEmpty(params: unknown): boolean {
  return params == null || (Array.isArray(params) && params.length === 0);
}

function methodOf(method: string | number) {
  if (typeof method === 'string') return methodNamed(method.toLowerCase());
  const numbered = apiMethods.find(({ number }) => number === method);
  return numbered ?? noMethod('there is no method with this number', 'unknown method');
}

/** `gocent` writes two fields as Go spells them, and says in a third what the code says by itself. */
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

function answerText(id: number, outcome: Outcome, parts: ApiParts): string {
  const head = id === 0 ? '{' : `{"id":${id},`;
  if (outcome.ok) return `${head}"result":${outcome.result}}`;
  return `${head}"error":${recordFailure(outcome.name, outcome.cause, parts).text}}`;
}

/** The objects that a text consists of, with nothing but white space between them. @throws ApiError */
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

/** Just behind the brace that closes it; whether what is between is JSON is for the parser to say. */
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
