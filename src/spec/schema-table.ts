/** The schemas of a document: each stands in its components once; what cannot be said is told and marked. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { JsonSchema, Reference } from './document.js';
import { type Conversion, type Direction, jsonSchemaOf, type SchemaConverter } from './json-schema.js';
import type { UnknownSchema } from './spec-options.js';

export interface SchemaPlace {
  readonly id: string;
  readonly direction: Direction;
  readonly what: string;
  /** Id of a schema that may turn out the same; then there is no second one. */
  readonly twin?: string;
}

const unknownPayload: JsonSchema = { 'x-fanfare-schema': 'unknown' };

export class SchemaTable {
  readonly schemas: Record<string, JsonSchema> = {};
  readonly #convert: SchemaConverter | undefined;
  readonly #onUnknown: (unknown: UnknownSchema) => void;

  constructor(convert: SchemaConverter | undefined, onUnknown: (unknown: UnknownSchema) => void) {
    this.#convert = convert;
    this.#onUnknown = onUnknown;
  }

  /** @param schema absent: any JSON */
  payload(schema: StandardSchemaV1 | undefined, { id, direction, what, twin }: SchemaPlace): JsonSchema | Reference {
    if (schema === undefined) return { description: 'Any JSON.' };
    const at = (place: string) => jsonSchemaOf(schema, direction, place, this.#convert);
    const conversion = at(refTo(id));
    if (!conversion.ok) {
      this.#onUnknown({ what, reason: conversion.reason });
      return unknownPayload;
    }
    if (twin !== undefined && this.#holds(twin, at(refTo(twin)))) return { $ref: refTo(twin) };
    this.schemas[id] = conversion.schema;
    return { $ref: refTo(id) };
  }

  #holds(id: string, conversion: Conversion): boolean {
    return conversion.ok && JSON.stringify(this.schemas[id]) === JSON.stringify(conversion.schema);
  }
}

function refTo(id: string): string {
  return `#/components/schemas/${id}`;
}
