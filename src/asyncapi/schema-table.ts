/** The schemas of a document: each is in its components once; inexpressible ones are reported and marked. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { Ids } from './address.js';
import type { JsonSchema, Reference } from './document.js';
import { type Conversion, type Direction, jsonSchemaOf, type SchemaConverter } from './json-schema.js';
import type { UnknownSchema } from './options.js';

interface SchemaUse {
  /** What its id is made of. */
  readonly name: string;
  readonly direction: Direction;
  /** For the report that it is unknown. */
  readonly what: string;
  /** The payload of the other direction; if it is the same, there is no second schema. */
  readonly twin?: JsonSchema | Reference;
}

const unknownPayload: JsonSchema = { 'x-fanfare-schema': 'unknown' };
const components = '#/components/schemas/';

export class SchemaTable {
  readonly schemas: Record<string, JsonSchema> = {};
  readonly #ids = new Ids();

  constructor(
    private readonly convert: SchemaConverter | undefined,
    private readonly onUnknown: (unknown: UnknownSchema) => void,
  ) {}

  /** @param schema absent: any JSON */
  payload(schema: StandardSchemaV1 | undefined, { name, direction, what, twin }: SchemaUse): JsonSchema | Reference {
    if (schema === undefined) return { description: 'Any JSON.' };
    const at = (place: string) => jsonSchemaOf(schema, direction, place, this.convert);
    if (twin !== undefined && isReference(twin) && this.#holds(twin, at(twin.$ref))) return twin;
    const id = this.#ids.of(name);
    const reference = { $ref: components + id };
    const conversion = at(reference.$ref);
    if (!conversion.ok) {
      this.onUnknown({ what, reason: conversion.reason });
      return unknownPayload;
    }
    this.schemas[id] = conversion.schema;
    return reference;
  }

  #holds({ $ref }: Reference, conversion: Conversion): boolean {
    const held = this.schemas[$ref.slice(components.length)];
    return conversion.ok && JSON.stringify(held) === JSON.stringify(conversion.schema);
  }
}

/** Payloads of this table are either references or schemas. */
function isReference(payload: JsonSchema | Reference): payload is Reference {
  return typeof payload.$ref === 'string';
}
