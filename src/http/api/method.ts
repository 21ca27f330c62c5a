/** What a method of the API is: a name, the fields that it takes, and the operation that it stands for. */

import * as v from 'valibot';
import type { RefusalLog } from '../../engine/log/refusal-log.js';
import type { Operations } from '../../engine/operations/operations.js';
import type { Counters } from '../../engine/ports/counters.js';
import type { Logger } from '../../engine/ports/logger.js';
import { type ApiError, malformed, missing } from './api-error.js';
import type { UnknownFields } from './unknown-fields.js';

/** What the API works with. */
export interface ApiParts {
  readonly operations: Operations;
  readonly counters: Counters;
  readonly log: Logger;
  readonly refusals: Pick<RefusalLog, 'tell'>;
  readonly unknownFields: UnknownFields;
}

export interface ApiMethod {
  /** The last part of its path, and its key in a batch. */
  readonly name: string;
  readonly number: number | undefined;
  /**
   * Resolves with the result, as JSON text.
   *
   * @throws ApiError, FanfareError
   */
  run(params: unknown, parts: ApiParts): Promise<string>;
}

/**
 * @param number what Centrifugo's schema calls it by in the older form of the API; absent for methods that it has not
 * @param run resolves with the result, as JSON text; with anything else where there is nothing to tell
 */
export function apiMethod<Schema extends v.GenericSchema>(
  name: string,
  number: number | undefined,
  schema: Schema,
  run: (params: v.InferOutput<Schema>, parts: ApiParts) => unknown,
): ApiMethod {
  return {
    name,
    number,
    async run(params, parts) {
      const result = await run(parseCall(name, schema, params, parts), parts);
      return typeof result === 'string' ? result : '{}';
    },
  };
}

/** As {@link parse}; the log is told of what the schema does not know. */
export function parseCall<Schema extends v.GenericSchema>(
  name: string,
  schema: Schema,
  value: unknown,
  { unknownFields }: Pick<ApiParts, 'unknownFields'>,
): v.InferOutput<Schema> {
  const parsed = parse(schema, value);
  unknownFields.note(name, schema, value);
  return parsed;
}

/** @throws ApiError for the first thing that is wrong */
export function parse<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  if (!isFields(value)) throw malformed('an object is expected');
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  throw faultOf(parsed.issues[0]);
}

/** Names the field by the schema's own key: what stands below it, and what was received, is the caller's. */
function faultOf({ path, received, expected }: v.BaseIssue<unknown>): ApiError {
  const field = path?.[0]?.key;
  if (path === undefined || typeof field !== 'string') return malformed('fields are expected');
  if (path.length === 1 && received === 'undefined') return missing(field);
  return malformed(`${field} is not what it should be${expected === null ? '' : `: ${expected} is expected`}`, field);
}

/** A JSON object. */
export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
