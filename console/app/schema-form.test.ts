import { describe, expect, it } from 'vitest';
import { exampleOf, fieldsOf, messageOf } from './schema-form.js';

const order = {
  type: 'object',
  required: ['item', 'pieces'],
  properties: {
    item: { type: 'string', description: 'What is ordered.' },
    pieces: { type: 'integer', minimum: 1 },
    express: { type: 'boolean' },
    size: { enum: ['s', 'm', 3] },
    address: { type: 'object', properties: { street: { type: 'string' } } },
    either: { type: ['string', 'null'] },
  },
} as const;

const fields = fieldsOf(order) ?? [];

describe('fieldsOf', () => {
  it('has a field for each member, of its kind', () => {
    expect(fields.map(({ name, kind, isRequired }) => [name, kind, isRequired])).toEqual([
      ['item', 'text', true],
      ['pieces', 'number', true],
      ['express', 'switch', false],
      ['size', 'choice', false],
      ['address', 'json', false],
      ['either', 'json', false],
    ]);
    expect(fields[0]?.about).toBe('What is ordered.');
    expect(fields[3]?.choices).toEqual(['"s"', '"m"', '3']);
  });

  it.each([undefined, {}, { type: 'string' }, { type: 'array', items: {} }, { type: 'object' }])(
    'has none for %o, which is written as JSON',
    (schema) => expect(fieldsOf(schema)).toBeUndefined(),
  );
});

describe('messageOf', () => {
  it('makes values of their kinds, and leaves out what is empty', () => {
    const texts = { item: 'tea', pieces: '3', size: '"m"', address: '{"street":"x"}' };
    expect(messageOf(fields, texts)).toEqual({
      ok: true,
      message: { item: 'tea', pieces: 3, express: false, size: 'm', address: { street: 'x' } },
    });
  });

  it.each([
    ['a required number that is empty', { item: 'tea' }, 'pieces'],
    ['a number that is none', { item: 'tea', pieces: 'many' }, 'pieces'],
    ['JSON that is none', { item: 'tea', pieces: '1', address: '{' }, 'address'],
  ])('names the field of %s', (_, texts, field) =>
    expect(messageOf(fields, texts)).toMatchObject({ ok: false, field }),
  );
});

it('exampleOf begins with something of the right shape', () => {
  expect(exampleOf(order)).toEqual({
    item: '',
    pieces: 1,
    express: false,
    size: 's',
    address: { street: '' },
    either: '',
  });
  expect(exampleOf({ type: 'array' })).toEqual([]);
  expect(exampleOf({ const: 7 })).toBe(7);
  expect(exampleOf({ default: 'x', type: 'string' })).toBe('x');
});
