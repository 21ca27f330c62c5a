// @ts-check
/** The page of the HTTP API, made of its OpenAPI document: what each method takes and answers, and a form to call it. */

import { parse } from 'yaml';
import { escaped } from '../sources.mjs';

/**
 * @typedef {object} Schema
 * @property {string} [$ref]
 * @property {string | string[]} [type]
 * @property {string} [description]
 * @property {unknown} [const]
 * @property {unknown[]} [enum]
 * @property {unknown} [default]
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {number} [maxLength]
 * @property {string[]} [required]
 * @property {Record<string, Schema>} [properties]
 * @property {Schema} [items]
 * @property {Schema[]} [allOf]
 */
/** @typedef {{ 'application/json': { schema: Schema, examples?: Record<string, { value: unknown }> } }} Content */
/** @typedef {{ $ref?: string, description?: string, content?: Content }} Response */
/**
 * @typedef {object} Operation
 * @property {string[]} tags
 * @property {string} summary
 * @property {string} [description]
 * @property {{ content: Content }} requestBody
 * @property {Record<string, Response>} responses
 */
/**
 * @typedef {object} Document
 * @property {{ summary: string, description: string }} info
 * @property {{ name: string, description: string }[]} tags
 * @property {Record<string, { post: Operation }>} paths
 */

/** How far fields of fields are listed. */
const maxDepth = 3;

/**
 * @param {string} yaml docs/api/openapi.yaml
 * @returns {string} Markdown
 */
export function httpPage(yaml) {
  /** @type {Document} */
  const document = parse(yaml);
  const operations = Object.entries(document.paths).map(([path, { post }]) => ({ path, ...post }));
  const groups = document.tags.map(({ name, description }) => {
    const methods = operations.filter(({ tags }) => tags.includes(name));
    return [`## ${capital(name)}`, description, ...methods.map((method) => methodSection(document, method))].join(
      '\n\n',
    );
  });
  return `---
outline: [2, 3]
---

# HTTP API

${document.info.summary} Each method has a form that calls it with a key of yours, at a server of yours: this page's own, if that has the
API, such as \`FANFARE_API_KEYS=$(openssl rand -base64 32) npm start\`, or the one that \`npm run site:serve -- --api URL\` names.

${document.info.description.trim()}

${groups.join('\n\n')}
`;
}

/**
 * @param {Document} document
 * @param {Operation & { path: string }} operation
 */
function methodSection(document, { path, summary, description = '', requestBody, responses }) {
  const { schema, examples = {} } = requestBody.content['application/json'];
  const bodies = Object.entries(examples).map(([name, { value }]) => ({ name, body: value }));
  const [first] = bodies;
  const answer = responses['200']?.content?.['application/json'].schema;
  const result = answer && fieldsOf(document, answer).filter(({ name }) => name.startsWith('result.'));
  return [
    `### ${path.replace('/api/', '')}`,
    `\`POST ${path}\`: ${lower(summary)}`,
    description.trim(),
    first === undefined ? '' : `\`\`\`json\n${JSON.stringify(first.body, undefined, 2)}\n\`\`\``,
    table(fieldsOf(document, schema), 'field'),
    result === undefined || result.length === 0 ? '' : table(result, 'answer'),
    statuses(document, responses),
    `<try-it path="${escaped(path)}" examples="${escaped(JSON.stringify(bodies))}"></try-it>`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/**
 * @param {Document} document
 * @param {Record<string, Response>} responses
 */
function statuses(document, responses) {
  const rows = Object.entries(responses).map(([status, response]) => {
    const { description = '' } = resolved(document, response);
    return `| ${status} | ${cell(description)} |`;
  });
  return ['| status | |', '|---|---|', ...rows].join('\n');
}

/** @typedef {{ name: string, kind: string, isRequired: boolean, about: string }} Field */

/**
 * @param {Document} document
 * @param {Schema} schema
 * @param {string} [prefix]
 * @param {number} [depth]
 * @returns {Field[]}
 */
function fieldsOf(document, schema, prefix = '', depth = 0) {
  const { properties, required = [], allOf = [], items, type } = resolved(document, schema);
  if (depth > maxDepth) return [];
  if (type === 'array' && items !== undefined) return fieldsOf(document, items, `${prefix.slice(0, -1)}[].`, depth);
  const inherited = allOf.flatMap((part) => fieldsOf(document, part, prefix, depth));
  const own = Object.entries(properties ?? {}).flatMap(([name, property]) => {
    const field = resolved(document, property);
    const about = [property.description ?? field.description ?? '', boundsOf(field)]
      .filter((part) => part !== '')
      .join(' ');
    const row = { name: prefix + name, kind: kindOf(document, field), isRequired: required.includes(name), about };
    return [row, ...fieldsOf(document, field, `${prefix}${name}.`, depth + 1)];
  });
  return [...inherited, ...own];
}

/**
 * @param {Document} document
 * @param {Schema} schema
 * @returns {string}
 */
function kindOf(document, { type, enum: values, const: only, items }) {
  if (only !== undefined) return `\`${JSON.stringify(only)}\``;
  if (values !== undefined) return values.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  if (type === 'array' && items !== undefined) return `list of ${kindOf(document, resolved(document, items))}`;
  return type === undefined ? 'any JSON' : [type].flat().join(' or ');
}

/** @param {Schema} schema */
function boundsOf({ minimum, maximum, maxLength, default: preset }) {
  return [
    minimum === undefined ? '' : `At least ${minimum}.`,
    maximum === undefined ? '' : `At most ${maximum}.`,
    maxLength === undefined ? '' : `At most ${maxLength} characters.`,
    preset === undefined ? '' : `Default: \`${JSON.stringify(preset)}\`.`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/**
 * @param {Field[]} fields
 * @param {string} title
 */
function table(fields, title) {
  if (fields.length === 0) return '';
  const rows = fields.map(({ name, kind, isRequired, about }) => {
    const needed = isRequired && title === 'field' ? ', needed' : '';
    return `| \`${title === 'answer' ? name.replace('result.', '') : name}\` | ${cell(kind)}${needed} | ${cell(about)} |`;
  });
  return [`| ${title} | kind | |`, '|---|---|---|', ...rows].join('\n');
}

/**
 * What a `$ref` stands for.
 * @template {{ $ref?: string }} Value
 * @param {Document} document
 * @param {Value} value
 * @returns {Value}
 */
function resolved(document, value) {
  if (value.$ref === undefined) return value;
  /** @type {unknown} */
  let at = document;
  for (const part of value.$ref.slice(2).split('/')) at = /** @type {Record<string, unknown>} */ (at)[part];
  if (at === undefined) throw new Error(`openapi.yaml: there is no ${value.$ref}`);
  return resolved(document, /** @type {Value} */ (at));
}

/** @param {string} text */
const cell = (text) =>
  text
    .trim()
    .replaceAll('|', '\\|')
    .replace(/\s*\n\s*/g, ' ');

/** @param {string} text */
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** @param {string} text */
const lower = (text) => text.charAt(0).toLowerCase() + text.slice(1);
