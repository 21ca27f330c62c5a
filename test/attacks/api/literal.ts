/**
 * The OpenAPI document with what it says in words in its schemas, too, so that a program can take it at its word. Types that are made
 * of the document are better without.
 */

import { openApiDocument } from '../../support/documents/openapi.js';

type Json = Readonly<Record<string, unknown>>;

/** Schemas that are parts of requests, besides those whose names say so. */
const parts = new Set(['Position', 'Override', 'Switch']);

export function literalDocument(): Json {
  // safe: a document of OpenAPI is an object
  const document = openApiDocument() as unknown as Json;
  const components = fieldsOf(document.components);
  const schemas = Object.entries(fieldsOf(components.schemas)).map(([name, value]) => {
    const schema = fieldsOf(value);
    const isOfRequests = name.endsWith('Request') || parts.has(name);
    const made = isOfRequests ? nullable(schema) : schema;
    return [name, name === 'BatchRequest' ? withAnyCommands(made) : made] as const;
  });
  return { ...document, components: { ...components, schemas: Object.fromEntries(schemas) } };
}

/** `null` in an optional field is the same as leaving the field out. */
function nullable(schema: Json): Json {
  const required: unknown = schema.required ?? [];
  const properties = Object.entries(fieldsOf(schema.properties ?? {})).map(([name, property]) => {
    const made = nullable(fieldsOf(property));
    const isRequired = Array.isArray(required) && required.includes(name);
    return [name, isRequired ? made : { anyOf: [made, { type: 'null' }] }] as const;
  });
  return properties.length === 0 ? schema : { ...schema, properties: Object.fromEntries(properties) };
}

/** A batch answers each command for itself: one that is wrong is refused in its reply, and not the request. */
function withAnyCommands(schema: Json): Json {
  const properties = fieldsOf(schema.properties);
  const commands = { ...fieldsOf(properties.commands), items: { type: 'object' } };
  return { ...schema, properties: { ...properties, commands } };
}

function fieldsOf(value: unknown): Json {
  if (typeof value !== 'object' || value === null) throw new Error('not an object');
  // safe: JSON
  return value as Json;
}
