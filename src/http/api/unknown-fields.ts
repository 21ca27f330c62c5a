/** Logs unknown fields of calls, since a typing error in an optional field would never be noticed. */

import type * as v from 'valibot';
import type { Logger } from '../../engine/ports/logger.js';
import { closest } from '../../model/closest.js';
import { type Fields, isFields } from '../../model/fields.js';

/** Bounds memory and log if a caller makes up names. */
const maxFields = 200;
/** Only names of this form are logged. */
const fieldName = /^\w{1,64}$/;

/** The call that a field is in. */
interface About {
  readonly api: string;
  readonly request: string;
}

export class UnknownFields {
  readonly #told = new Set<string>();

  constructor(private readonly log: Logger) {}

  /** Logs each field of a method once. @param value the accepted value @param request its id */
  note(api: string, schema: v.GenericSchema, value: unknown, request: string): void {
    if (isFields(value)) this.#noteIn({ api, request }, '', schema, value);
  }

  #noteIn(about: About, above: string, schema: v.GenericSchema, value: Fields): void {
    const entries = entriesOf(schema);
    if (entries === undefined) return;
    for (const [name, one] of Object.entries(value)) {
      const known = Object.hasOwn(entries, name) ? entries[name] : undefined;
      if (known === undefined) this.#tell(about, above, name, Object.keys(entries));
      else if (isFields(one)) this.#noteIn(about, `${above}${name}.`, known, one);
    }
  }

  #tell({ api, request }: About, above: string, name: string, known: readonly string[]): void {
    const field = fieldName.test(name) ? `${above}${name}` : `${above}(not a name)`;
    const key = `${api} ${field}`;
    if (this.#told.has(key) || this.#told.size >= maxFields) return;
    this.#told.add(key);
    const meant = closest(name, known);
    const hint = meant === undefined ? `there are ${known.join(', ') || 'none'}` : `did you mean "${meant}"?`;
    this.log.warn({ api, request, field, hint }, 'API request has an unknown field, which is ignored');
  }
}

type Entries = Readonly<Record<string, v.GenericSchema>>;

/** The entries of an object schema, also of one that is optional or has further checks. */
function entriesOf(schema: v.GenericSchema): Entries | undefined {
  if ('entries' in schema) {
    // safe: valibot's schemas of objects have their members there
    return schema.entries as Entries;
  }
  // safe: valibot's optional schemas have the wrapped schema there
  if ('wrapped' in schema) return entriesOf(schema.wrapped as v.GenericSchema);
  // safe: and those with several steps the steps, of which the object may be a later one
  const steps = 'pipe' in schema ? (schema.pipe as readonly v.GenericSchema[]).slice(1) : [];
  return steps.map(entriesOf).find((entries) => entries !== undefined);
}
