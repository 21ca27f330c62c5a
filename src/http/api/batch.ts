/** `batch`: many calls in one request, one after the other or all at once, with a reply for each. */

import * as v from 'valibot';
import { errorCodes } from '../../model/codes.js';
import { ApiError, isUnavailable, tooMuch } from './api-error.js';
import { recordFailure } from './failure.js';
import { flag } from './fields.js';
import { type ApiMethod, type ApiParts, isFields, parse } from './method.js';
import { maxBroadcastChannels } from './methods/broadcast.js';
import { apiMethods } from './methods.js';

export const maxBatchCommands = 1_000;

type Fields = Readonly<Record<string, unknown>>;

const params = v.object({ commands: v.array(v.custom<Fields>(isFields)), parallel: flag });
const byName = new Map(apiMethods.map((method) => [method.name, method]));

/** Resolves with the list of replies, as JSON text. @throws ApiError, FanfareError when the whole cannot be run */
export async function runBatch(value: unknown, parts: ApiParts): Promise<string> {
  const { commands, parallel } = parse(params, value);
  if (commands.length > maxBatchCommands) throw tooMuch(`more than ${maxBatchCommands} commands`);
  const channels = commands.reduce((sum, command) => sum + channelsOf(command), 0);
  if (channels > maxBroadcastChannels) throw tooMuch(`broadcasts to more than ${maxBroadcastChannels} channels`);
  const outcomes = parallel
    ? await Promise.all(commands.map((command) => run(command, parts)))
    : await inTurn(commands, parts);
  const [first] = outcomes;
  // Nothing of it can be done just now: the caller does better to come back with the whole.
  if (first?.ok === false && outcomes.every((outcome) => !outcome.ok && isUnavailable(outcome.cause))) {
    throw first.cause;
  }
  return `[${outcomes.map((outcome) => replyText(outcome, parts)).join(',')}]`;
}

type Outcome =
  /** `result` is JSON text. */
  | { readonly ok: true; readonly name: string; readonly result: string }
  | { readonly ok: false; readonly name: string; readonly cause: unknown };

async function inTurn(commands: readonly Fields[], parts: ApiParts): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const command of commands) outcomes.push(await run(command, parts));
  return outcomes;
}

/** Never rejects. */
async function run(command: Fields, parts: ApiParts): Promise<Outcome> {
  const method = methodOf(command);
  if (method === undefined) return { ok: false, name: 'batch', cause: unknownMethod };
  const { name } = method;
  try {
    return { ok: true, name, result: await method.run(command[name], parts) };
  } catch (cause) {
    return { ok: false, name, cause };
  }
}

/** The one that the command has a member for. */
function methodOf(command: Fields): ApiMethod | undefined {
  const [name = '', ...others] = Object.keys(command).filter((key) => command[key] !== null);
  return others.length === 0 ? byName.get(name) : undefined;
}

const unknownMethod = new ApiError({
  code: errorCodes.methodNotFound.code,
  message: 'a command has one member, named for a method that exists',
  status: 404,
  isTransport: false,
  reason: 'unknown method',
});

function replyText(outcome: Outcome, parts: ApiParts): string {
  if (outcome.ok) return `{"${outcome.name}":${outcome.result}}`;
  return `{"error":${recordFailure(outcome.name, outcome.cause, parts).text}}`;
}

function channelsOf({ broadcast }: Fields): number {
  return isFields(broadcast) && Array.isArray(broadcast.channels) ? broadcast.channels.length : 0;
}
