/** The JSON Schema of a Standard Schema, if its library provides one, for a place in a document. */

import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import type { JsonSchema } from './document.js';

/** Messages from clients are a schema's input, messages to clients its output. */
export type Direction = 'input' | 'output';

/** Gives a schema the `~standard.jsonSchema` that its library leaves to another package; `undefined` when it cannot. */
export type SchemaConverter = (schema: StandardSchemaV1) => StandardJSONSchemaV1 | undefined;

export type Conversion =
  | { readonly ok: true; readonly schema: JsonSchema }
  | { readonly ok: false; readonly reason: string };

/** @param place where the schema will be, `#/components/schemas/…`; references within it are adapted */
export function jsonSchemaOf(
  schema: StandardSchemaV1,
  direction: Direction,
  place: string,
  convert: SchemaConverter = () => undefined,
): Conversion {
  const { vendor } = schema['~standard'];
  try {
    const source = tellsJsonSchema(schema) ? schema : convert(schema);
    if (source === undefined) return { ok: false, reason: withoutJsonSchema(vendor) };
    const told = source['~standard'].jsonSchema[direction]({ target: 'draft-07' });
    // Through JSON text, so that it is plain JSON, shares nothing with the library, or throws.
    const { $schema: _, ...plain } = JSON.parse(JSON.stringify(told)) as JsonSchema;
    // safe: a schema's root is an object and stays one
    return { ok: true, schema: relocate(plain, place) as JsonSchema };
  } catch (error) {
    // Not expressible: a Date, a Map, the result of a transformation.
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, reason: message.split('\n', 1)[0] ?? '' };
  }
}

function tellsJsonSchema(schema: StandardSchemaV1): schema is StandardSchemaV1 & StandardJSONSchemaV1 {
  return 'jsonSchema' in schema['~standard'];
}

function withoutJsonSchema(vendor: string): string {
  const remedy =
    vendor === 'valibot' ? '; install @valibot/to-json-schema, or wrap the schema in its toStandardJsonSchema()' : '';
  return `${vendor} does not tell a JSON Schema${remedy}`;
}

/** Keywords with data, in which a `$ref` is not a reference. */
const dataKeywords = new Set(['const', 'enum', 'default', 'examples']);
/** Keywords with schemas by names, among which `default` is a name like any other. */
const mapKeywords = new Set(['properties', 'patternProperties', 'definitions', '$defs', 'dependencies']);

/** A schema whose references from its own root (`#`, `#/definitions/…`) start at `place`. */
function relocate(schema: unknown, place: string): unknown {
  if (Array.isArray(schema)) return schema.map((item) => relocate(item, place));
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] => {
    if (key === '$ref' && typeof value === 'string' && value.startsWith('#')) return [key, place + value.slice(1)];
    if (dataKeywords.has(key)) return [key, value];
    if (mapKeywords.has(key) && typeof value === 'object' && value !== null) {
      return [key, Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, relocate(inner, place)]))];
    }
    return [key, relocate(value, place)];
  });
  return Object.fromEntries(entries);
}
