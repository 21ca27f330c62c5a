/** `batch`: many calls in one request, one after the other or all at once, with a reply for each. */

import * as v from 'valibot';
import { type Fields, isFields } from '../../model/fields.js';
import { each, members } from '../../model/json-shape.js';
import { type Call, methodNamed, noMethod, type Outcome, runCalls } from './calls.js';
import { paramsShape } from './endpoint.js';
import { recordFailure } from './failure.js';
import { flag } from './fields.js';
import { type ApiCall, parseCall } from './method.js';

/** Commands, each with one member, named for its method. */
export const batchShape = members({ commands: each(each(paramsShape)) });

const params = v.object({ commands: v.array(v.custom<Fields>(isFields)), parallel: flag });

/** Resolves with the list of replies, as JSON text. @throws ApiError, FanfareError when the whole cannot be run */
export async function runBatch(value: unknown, parts: ApiCall): Promise<string> {
  const { commands, parallel } = parseCall('batch', params, value, parts);
  const outcomes = await runCalls(commands.map(callOf), parallel, parts);
  return `[${outcomes.map((outcome) => replyText(outcome, parts)).join(',')}]`;
}

/** Of the one method that the command has a member for. */
function callOf(command: Fields): Call {
  const [name, ...others] = Object.keys(command).filter((key) => command[key] !== null);
  if (name === undefined || others.length > 0) {
    return { method: noMethod('a command has one member, named for its method', 'no method'), params: undefined };
  }
  return { method: methodNamed(name), params: command[name] };
}

function replyText(outcome: Outcome, parts: ApiCall): string {
  if (outcome.ok) return `{"${outcome.name}":${outcome.result}}`;
  return `{"error":${recordFailure(outcome.name === 'unknown' ? 'batch' : outcome.name, outcome.cause, parts).text}}`;
}
