/** Cursors of lists: opaque texts for callers, checked again when they come back. */

import * as v from 'valibot';
import { malformed } from './api-error.js';

/** A number for each node of a large fleet. */
const maxLength = 65_536;

/** Absent or empty: from the beginning. */
export const cursorField = v.nullish(v.pipe(v.string(), v.maxLength(maxLength)), '');

export function cursorText(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** @throws ApiError for what {@link cursorText} has not made */
export function placeOf<Schema extends v.GenericSchema>(
  schema: Schema,
  text: string,
): v.InferOutput<Schema> | undefined {
  if (text === '') return undefined;
  try {
    return v.parse(schema, JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    // Neither a cursor of this method nor anything else that could be told about.
    throw malformed('cursor is not one of this method', 'cursor');
  }
}
