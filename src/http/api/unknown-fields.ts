/** Tells the log of fields that no method knows: a slip of the fingers in an optional field would never be noticed. */

import type * as v from 'valibot';
import type { Logger } from '../../engine/ports/logger.js';
import { closest } from '../../model/closest.js';

/** Whoever makes up names does not fill memory or the log. */
const maxFields = 200;
/** What is written down of what callers send: a name as fields have them, nothing else. */
const fieldName = /^\w{1,64}$/;

export class UnknownFields {
  readonly #told = new Set<string>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Each field of a method is told of once. @param value what the schema has accepted */
  note(api: string, schema: v.GenericSchema, value: unknown): void {
    this.#noteIn(api, '', schema, value);
  }

  #noteIn(api: string, above: string, schema: v.GenericSchema, value: unknown): void {
    const entries = entriesOf(schema);
    if (entries === undefined || !isObject(value)) return;
    for (const [name, one] of Object.entries(value)) {
      const known = Object.hasOwn(entries, name) ? entries[name] : undefined;
      if (known === undefined) this.#tell(api, above, name, Object.keys(entries));
      else this.#noteIn(api, `${above}${name}.`, known, one);
    }
  }

  #tell(api: string, above: string, name: string, known: readonly string[]): void {
    const field = fieldName.test(name) ? `${above}${name}` : `${above}(not a name)`;
    const key = `${api} ${field}`;
    if (this.#told.has(key) || this.#told.size >= maxFields) return;
    this.#told.add(key);
    const meant = closest(name, known);
    const hint = meant === undefined ? `there are ${known.join(', ') || 'none'}` : `did you mean "${meant}"?`;
    this.#log.warn({ api, field, hint }, 'API request has an unknown field, which is ignored');
  }
}

type Entries = Readonly<Record<string, v.GenericSchema>>;

/** Of an object, also one that may be absent or has further checks. */
function entriesOf(schema: v.GenericSchema): Entries | undefined {
  if ('entries' in schema) {
    // safe: valibot's schemas of objects have their members there
    return schema.entries as Entries;
  }
  // safe: valibot's schemas of what may be absent have there what it is otherwise
  return 'wrapped' in schema ? entriesOf(schema.wrapped as v.GenericSchema) : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
