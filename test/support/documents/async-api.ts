/** Whether a document is AsyncAPI 3.0: by the schema that the AsyncAPI initiative publishes, and by where its references lead. */

import asyncApi from '@asyncapi/specs';
import { Ajv, type SchemaObject, type ValidateFunction } from 'ajv';
import { expect } from 'vitest';
import type { AsyncApiDocument, JsonSchema } from '../../../src/asyncapi/document.js';

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
// The official schema brings the one of draft 7 along.
ajv.removeSchema('http://json-schema.org/draft-07/schema');
// safe: a JSON Schema by another package's type
const validate = ajv.compile(asyncApi.schemas['3.0.0'] as SchemaObject);

/** Asserts that it is valid, and says where not. */
export function expectValid(document: unknown): void {
  validate(document);
  expect(validate.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`) ?? []).toEqual([]);
  for (const reference of referencesIn(document)) expect(resolve(document, reference), reference).toBeTypeOf('object');
}

/** What a reference stands for; `undefined` for one that leads nowhere. */
export function resolve(document: unknown, reference: string): unknown {
  let at = document;
  for (const part of reference.slice(2).split('/')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    // safe: it has it
    at = (at as Record<string, unknown>)[part];
  }
  return at;
}

/** Judges payloads of one message of a channel as a program in another language would. */
export function payloadValidator(document: AsyncApiDocument, channelId: string, message: string): ValidateFunction {
  const payloads = new Ajv({ strict: false, validateFormats: false });
  payloads.addSchema(document as unknown as JsonSchema, 'contract');
  return payloads.compile({ $ref: `contract#/channels/${channelId}/messages/${message}/payload` });
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : referencesIn(inner),
  );
}
