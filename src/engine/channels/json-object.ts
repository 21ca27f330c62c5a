/** Schemas of JSON objects. Those of valibot take an array for an object with numbered fields. */

import * as v from 'valibot';

const notAnArray = v.pipe(
  v.unknown(),
  v.check((value) => !Array.isArray(value)),
);

/** An object with these fields; others are dropped. */
export function jsonObject<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.pipe(notAnArray, v.object(entries));
}

/** An object with texts under any names. */
export const jsonTexts = v.pipe(notAnArray, v.record(v.string(), v.string()));
