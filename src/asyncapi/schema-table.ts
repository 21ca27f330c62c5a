/** The schemas of a document: each stands in its components once; what cannot be said is told and marked. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { Ids } from './address.js';
import type { JsonSchema, Reference } from './document.js';
import { type Conversion, type Direction, jsonSchemaOf, type SchemaConverter } from './json-schema.js';
import type { UnknownSchema } from './options.js';

interface SchemaUse {
  /** What its id is made of. */
  readonly name: string;
  readonly direction: Direction;
  /** For whoever is told that it is unknown. */
  readonly what: string;
  /** Another use's payload, which may turn out to be the same; then there is no second schema. */
  readonly twin?: JsonSchema | Reference;
}

const unknownPayload: JsonSchema = { 'x-fanfare-schema': 'unknown' };
const components = '#/components/schemas/';

export class SchemaTable {
  readonly schemas: Record<string, JsonSchema> = {};
  readonly #ids = new Ids();
  readonly #convert: SchemaConverter | undefined;
  readonly #onUnknown: (unknown: UnknownSchema) => void;

  constructor(convert: SchemaConverter | undefined, onUnknown: (unknown: UnknownSchema) => void) {
    this.#convert = convert;
    this.#onUnknown = onUnknown;
  }

  /** @param schema absent: any JSON */
  payload(schema: StandardSchemaV1 | undefined, { name, direction, what, twin }: SchemaUse): JsonSchema | Reference {
    if (schema === undefined) return { description: 'Any JSON.' };
    const at = (place: string) => jsonSchemaOf(schema, direction, place, this.#convert);
    if (twin !== undefined && isReference(twin) && this.#holds(twin, at(twin.$ref))) return twin;
    const id = this.#ids.of(name);
    const reference = { $ref: components + id };
    const conversion = at(reference.$ref);
    if (!conversion.ok) {
      this.#onUnknown({ what, reason: conversion.reason });
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

/** A payload of the table's own is a reference as a whole. */
function isReference(payload: JsonSchema | Reference): payload is Reference {
  return typeof payload.$ref === 'string';
}
