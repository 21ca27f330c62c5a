/** JSON Schemas of Standard Schemas: which side, which library, where references lead, and what cannot be said. */

import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import { toStandardJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { jsonSchemaOf } from './json-schema.js';

const place = '#/components/schemas/it';

function schemaOf(schema: StandardSchemaV1, direction: 'input' | 'output' = 'output') {
  const conversion = jsonSchemaOf(schema, direction, place);
  if (!conversion.ok) throw new Error(conversion.reason);
  return conversion.schema;
}

/** A schema that tells this JSON Schema, whatever a library would. */
function telling(told: Record<string, unknown>): StandardSchemaV1 & StandardJSONSchemaV1 {
  const validate = (value: unknown) => ({ value });
  const jsonSchema = { input: () => told, output: () => told };
  return { '~standard': { version: 1, vendor: 'test', validate, jsonSchema } };
}

it('tells the input of what is sent and the output of what arrives', () => {
  const schema = z.object({ size: z.number().default(1), id: z.string().transform(Number).pipe(z.number()) });
  expect(schemaOf(schema, 'input')).toMatchObject({ required: ['id'], properties: { id: { type: 'string' } } });
  expect(schemaOf(schema, 'output')).toMatchObject({
    required: ['size', 'id'],
    properties: { id: { type: 'number' } },
  });
});

describe('what JSON Schema cannot say is reported with the reason', () => {
  it.each([
    ['a Date', z.object({ at: z.date() }), 'Date'],
    ['a Map', z.map(z.string(), z.number()), 'Map'],
    ['a bigint', z.bigint(), 'BigInt'],
    ['the outcome of a transformation', z.string().transform((text) => text.length), 'Transforms'],
    ['a Date of valibot', toStandardJsonSchema(v.object({ at: v.date() })), 'date'],
  ])('%s', (_, schema, named) => {
    expect(jsonSchemaOf(schema, 'output', place)).toEqual({ ok: false, reason: expect.stringContaining(named) });
  });

  it('but not the side that can be said: a date is sent as text', () => {
    const date = z.codec(z.iso.datetime(), z.date(), { decode: (text) => new Date(text), encode: String });
    expect(schemaOf(date, 'input')).toMatchObject({ type: 'string', format: 'date-time' });
    expect(jsonSchemaOf(date, 'output', place).ok).toBe(false);
  });

  it('a number that is no JSON', () => {
    expect(jsonSchemaOf(telling({ const: 1n }), 'output', place).ok).toBe(false);
  });
});

describe('a library that leaves JSON Schema to another package', () => {
  const schema = v.object({ text: v.string() });

  it('is named, with the package', () => {
    expect(jsonSchemaOf(schema, 'output', place)).toEqual({
      ok: false,
      reason: expect.stringContaining('@valibot/to-json-schema'),
    });
  });

  it('is asked through a converter', () => {
    const conversion = jsonSchemaOf(schema, 'output', place, () => toStandardJsonSchema(schema));
    expect(conversion).toMatchObject({ ok: true, schema: { type: 'object', required: ['text'] } });
  });

  it('needs none where the schema is wrapped', () => {
    expect(schemaOf(toStandardJsonSchema(schema))).toMatchObject({ type: 'object', required: ['text'] });
  });
});

describe('references', () => {
  it('of a recursive schema lead to where it stands', () => {
    const tree = z.object({
      get branches() {
        return z.array(tree);
      },
    });
    expect(schemaOf(tree)).toMatchObject({ properties: { branches: { items: { $ref: place } } } });
    expect(JSON.stringify(schemaOf(z.object({ tree })))).toContain(`"$ref":"${place}/definitions/`);
  });

  it('are found in properties of any name, and not in data', () => {
    const data = { $ref: '#/data' };
    const told = {
      properties: { default: { $ref: '#/definitions/a' }, $ref: { anyOf: [{ $ref: '#' }, { const: data }] } },
      default: data,
      examples: [data],
      definitions: { a: { enum: [data], $ref: 'https://example.com/#x' } },
    };
    expect(schemaOf(telling(told))).toEqual({
      ...told,
      properties: {
        default: { $ref: `${place}/definitions/a` },
        $ref: { anyOf: [{ $ref: place }, { const: data }] },
      },
    });
  });
});

it('leaves out which draft it is: the document says so', () => {
  expect(schemaOf(z.string())).toEqual({ type: 'string' });
});
