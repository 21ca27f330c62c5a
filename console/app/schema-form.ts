/** Which fields a form has for messages of a JSON Schema, and the message that its texts make. */

import type { JsonSchema } from './api-results.js';

export interface FormField {
  readonly name: string;
  readonly kind: 'text' | 'number' | 'switch' | 'choice' | 'json';
  readonly isRequired: boolean;
  readonly about: string;
  /** Of a choice, as JSON texts. */
  readonly choices: readonly string[];
  readonly schema: JsonSchema;
}

/** @returns `undefined` for messages that are not objects with known members: they are written as JSON */
export function fieldsOf(schema: JsonSchema | undefined): readonly FormField[] | undefined {
  if (schema?.properties === undefined || !typesOf(schema).includes('object')) return undefined;
  return Object.entries(schema.properties).map(([name, member]) => {
    const choices = choicesOf(member).map((value) => JSON.stringify(value));
    return {
      name,
      kind: choices.length > 0 ? 'choice' : kindOf(member),
      isRequired: schema.required?.includes(name) === true,
      about: member.description ?? member.title ?? '',
      choices,
      schema: member,
    };
  });
}

export type MessageOutcome =
  | { readonly ok: true; readonly message: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly field: string; readonly why: string };

/** @param texts by field; an empty one is left out, unless the field is required */
export function messageOf(fields: readonly FormField[], texts: Readonly<Record<string, string>>): MessageOutcome {
  const message: Record<string, unknown> = {};
  for (const { name, kind, isRequired } of fields) {
    const text = texts[name] ?? '';
    if (text === '' && kind !== 'switch') {
      if (!isRequired) continue;
      if (kind !== 'text') return { ok: false, field: name, why: 'is required' };
    }
    const value = valueIn(kind, text);
    if (value === undefined)
      return { ok: false, field: name, why: kind === 'number' ? 'is not a number' : 'is not JSON' };
    message[name] = value;
  }
  return { ok: true, message };
}

/** A message to begin with. */
export function exampleOf(schema: JsonSchema | undefined): unknown {
  if (schema === undefined) return { text: 'hello' };
  if (schema.default !== undefined) return schema.default;
  const [choice] = choicesOf(schema);
  if (choice !== undefined) return choice;
  const [type] = typesOf(schema);
  if (type === 'object') {
    const members = Object.entries(schema.properties ?? {});
    return Object.fromEntries(members.map(([name, member]) => [name, exampleOf(member)]));
  }
  if (type === 'array') return [];
  if (type === 'number' || type === 'integer') return schema.minimum ?? 0;
  if (type === 'boolean') return false;
  return type === 'string' ? '' : null;
}

function valueIn(kind: FormField['kind'], text: string): unknown {
  if (kind === 'text') return text;
  if (kind === 'switch') return text === 'true';
  if (kind === 'number') return Number.isFinite(Number(text)) ? Number(text) : undefined;
  try {
    return JSON.parse(text);
  } catch {
    // The visitor is told which field it is.
    return undefined;
  }
}

function kindOf(schema: JsonSchema): FormField['kind'] {
  const types = typesOf(schema);
  const [type] = types;
  if (types.length !== 1) return 'json';
  if (type === 'string') return 'text';
  if (type === 'number' || type === 'integer') return 'number';
  return type === 'boolean' ? 'switch' : 'json';
}

function choicesOf({ enum: choices, const: only }: JsonSchema): readonly unknown[] {
  return choices ?? (only === undefined ? [] : [only]);
}

function typesOf({ type }: JsonSchema): readonly string[] {
  return type === undefined ? [] : typeof type === 'string' ? [type] : type;
}
