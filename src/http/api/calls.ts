/** Many calls in one request: one after the other or all at once, each with an outcome of its own. */

import { closest } from '../../model/closest.js';
import { errorCodes } from '../../model/codes.js';
import { isFields } from '../../model/fields.js';
import { ApiError, isUnavailable, tooMuch } from './api-error.js';
import type { ApiCall, ApiMethod } from './method.js';
import { maxBroadcastChannels } from './methods/broadcast.js';
import { apiMethods } from './methods.js';

const maxCalls = 1_000;

export interface Call {
  /** The method, or why there is none. */
  readonly method: ApiMethod | ApiError;
  readonly params: unknown;
}

export type Outcome =
  /** `result` is JSON text. */
  | { readonly ok: true; readonly name: string; readonly result: string }
  | { readonly ok: false; readonly name: string; readonly cause: unknown };

/** @throws ApiError, FanfareError when the whole cannot be run */
export async function runCalls(calls: readonly Call[], parallel: boolean, parts: ApiCall): Promise<Outcome[]> {
  if (calls.length > maxCalls) throw tooMuch(`more than ${maxCalls} commands`);
  const channels = calls.reduce((sum, call) => sum + channelsOf(call), 0);
  if (channels > maxBroadcastChannels) throw tooMuch(`broadcasts to more than ${maxBroadcastChannels} channels`);
  const outcomes = parallel ? await Promise.all(calls.map((call) => run(call, parts))) : await inTurn(calls, parts);
  const [first] = outcomes;
  // Nothing can be done at the moment, so the caller should repeat the whole request.
  if (first?.ok === false && outcomes.every((outcome) => !outcome.ok && isUnavailable(outcome.cause))) {
    throw first.cause;
  }
  return outcomes;
}

async function inTurn(calls: readonly Call[], parts: ApiCall): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const call of calls) outcomes.push(await run(call, parts));
  return outcomes;
}

/** Never rejects. */
async function run({ method, params }: Call, parts: ApiCall): Promise<Outcome> {
  if (method instanceof ApiError) return { ok: false, name: 'unknown', cause: method };
  const { name } = method;
  try {
    return { ok: true, name, result: await method.run(params, parts) };
  } catch (cause) {
    return { ok: false, name, cause };
  }
}

function channelsOf({ method, params }: Call): number {
  const isBroadcast = !(method instanceof ApiError) && method.name === 'broadcast';
  return isBroadcast && isFields(params) && Array.isArray(params.channels) ? params.channels.length : 0;
}

const byName = new Map(apiMethods.map((method) => [method.name, method]));

/** The method, or the error that says which one was probably meant. */
export function methodNamed(name: string): ApiMethod | ApiError {
  return byName.get(name) ?? unknownMethod(name, [...byName.keys()]);
}

/**
 * @param known names that could have been meant
 * @param isTransport whether the name was in the path, which has a status of its own in either error mode
 */
export function unknownMethod(name: string, known: readonly string[], isTransport = false): ApiError {
  const meant = closest(name, known);
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  const message = `there is no method ${JSON.stringify(name.slice(0, 64))}${hint}`;
  return noMethod(message, meant === undefined ? 'unknown method' : `unknown method, perhaps ${meant}`, isTransport);
}

export function noMethod(message: string, reason: string, isTransport = false): ApiError {
  return new ApiError({ code: errorCodes.methodNotFound.code, message, status: 404, isTransport, reason });
}
