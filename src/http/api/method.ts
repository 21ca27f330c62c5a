/** A method of the API: a name, its fields, and its operation. */

import * as v from 'valibot';
import type { Rule } from '../../engine/channels/rule.js';
import type { Inspection } from '../../engine/inspection/inspection.js';
import type { RefusalLog } from '../../engine/log/refusal-log.js';
import type { Operations } from '../../engine/operations/operations.js';
import type { Clock, Random } from '../../engine/ports/clock.js';
import type { Counters } from '../../engine/ports/counters.js';
import type { Logger } from '../../engine/ports/logger.js';
import type { Span, Tracer } from '../../engine/ports/tracer.js';
import { isFields } from '../../model/fields.js';
import { type ApiError, malformed, missing } from './api-error.js';
import type { UnknownFields } from './unknown-fields.js';

/** One option of a configuration, for people. */
export interface DescribedOption {
  readonly name: string;
  /** As a person would write it; secrets are masked. */
  readonly value: string;
  /** The file, variable or flag that has set it, or `default`. */
  readonly source: string;
  readonly about: string;
}

/** What the API tells of the program around the engine. */
export interface Described {
  /** The options in force; none where the server does not know any. */
  options(): readonly DescribedOption[];
  /** The JSON Schema of a rule's messages; `undefined` where they may be any JSON, or nobody can tell. */
  schemaOf(rule: Rule): unknown;
}

/** What the API works with. */
export interface ApiParts {
  readonly operations: Operations;
  readonly inspection: Inspection;
  /** What only the server knows, or only the application. */
  readonly described: Described;
  readonly clock: Pick<Clock, 'nowMs' | 'wallMs'>;
  readonly counters: Counters;
  readonly log: Logger;
  readonly refusals: Pick<RefusalLog, 'tell'>;
  readonly unknownFields: UnknownFields;
  readonly random: Pick<Random, 'id'>;
  readonly tracer: Tracer | undefined;
}

/** The same, for one request. */
export interface ApiCall extends ApiParts {
  /** The id of the request, which is in each of its log lines and in its answer. */
  readonly request: string;
  /** Absent: nothing is traced. */
  readonly span?: Span;
}

/** Within the request's span, until the work returns. */
export function within<Result>({ span }: Pick<ApiCall, 'span'>, work: () => Result): Result {
  return span === undefined ? work() : span.during(work);
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
  run(params: unknown, call: ApiCall): Promise<string>;
}

/**
 * @param number its number in Centrifugo's schema, for the older form of the API; absent if Centrifugo lacks it
 * @param run resolves with the result as JSON text, or with anything else for an empty result
 */
export function apiMethod<Schema extends v.GenericSchema>(
  name: string,
  number: number | undefined,
  schema: Schema,
  run: (params: v.InferOutput<Schema>, call: ApiCall) => unknown,
): ApiMethod {
  return {
    name,
    number,
    async run(params, call) {
      const result = await within(call, () => run(parseCall(name, schema, params, call), call));
      return typeof result === 'string' ? result : '{}';
    },
  };
}

/** Like {@link parse}; also logs fields that the schema does not know. */
export function parseCall<Schema extends v.GenericSchema>(
  name: string,
  schema: Schema,
  value: unknown,
  { unknownFields, request }: Pick<ApiCall, 'unknownFields' | 'request'>,
): v.InferOutput<Schema> {
  const parsed = parse(schema, value);
  unknownFields.note(name, schema, value, request);
  return parsed;
}

/** @throws ApiError for the first problem */
export function parse<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  if (!isFields(value)) throw malformed('an object is expected');
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  throw faultOf(parsed.issues[0]);
}

/** Names the field by the schema's key; deeper keys and values come from the caller and are left out. */
function faultOf({ path, received, expected }: v.BaseIssue<unknown>): ApiError {
  const field = path?.[0]?.key;
  if (path === undefined || typeof field !== 'string') return malformed('fields are expected');
  if (path.length === 1 && received === 'undefined') return missing(field);
  return malformed(`${field} is not what it should be${expected === null ? '' : `: ${expected} is expected`}`, field);
}
