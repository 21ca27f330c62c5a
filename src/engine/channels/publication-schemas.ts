/** Schemas of publications from a broker or another node: unchecked data in a form that nodes write. */

import * as v from 'valibot';
import { trustedJsonText } from '../../model/json-text.js';

const trustedJsonSchema = v.pipe(v.string(), v.transform(trustedJsonText));

export const clientInfoSchema = v.object({
  user: v.string(),
  client: v.string(),
  connInfo: v.exactOptional(trustedJsonSchema),
  chanInfo: v.exactOptional(trustedJsonSchema),
});

// Not `v.record`: that leaves out keys like `constructor`, which are ordinary ones here (B83).
export const tagsSchema = v.custom<Readonly<Record<string, string>>>(
  (value) =>
    typeof value === 'object' && value !== null && Object.values(value).every((text) => typeof text === 'string'),
);

/** Longer than any; its form is checked by the tracer. */
export const traceSchema = v.pipe(v.string(), v.maxLength(1_024));
