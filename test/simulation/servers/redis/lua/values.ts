/** Values of Lua 5.1 in JavaScript, and what its operators do. Strings have one character for each byte. */

export type LuaFunction = (...args: Value[]) => Value | Several;
export type Value = undefined | boolean | number | string | LuaTable | LuaFunction;

/** What a function returns that does not return one value. */
export class Several {
  constructor(readonly values: readonly Value[]) {}
}

/** What `error` throws, and what goes wrong in an operator. */
export class LuaError extends Error {
  constructor(readonly value: Value) {
    super(typeof value === 'string' ? value : 'an error that is no text');
  }
}

export class LuaTable {
  /** Those of 1 to {@link length}. */
  readonly #items: Value[];
  readonly #fields = new Map<Value, Value>();

  constructor(items: Value[] = []) {
    while (items.length > 0 && items.at(-1) === undefined) items.pop();
    this.#items = items;
  }

  get length(): number {
    return this.#items.length;
  }

  get(key: Value): Value {
    if (typeof key === 'number') {
      const item = this.#items[key - 1];
      if (item !== undefined) return item;
    }
    return this.#fields.get(key);
  }

  set(key: Value, value: Value): void {
    if (typeof key === 'number' && this.#setItem(key, value)) return;
    if (key === undefined) throw new LuaError('table index is nil');
    if (value === undefined) this.#fields.delete(key);
    else this.#fields.set(key, value);
  }

  #setItem(key: number, value: Value): boolean {
    const items = this.#items;
    if (key >= 1 && key <= items.length && Number.isInteger(key)) {
      items[key - 1] = value;
      while (items.length > 0 && items.at(-1) === undefined) items.pop();
      return true;
    }
    if (key !== items.length + 1 || value === undefined) return false;
    items.push(value);
    this.#fields.delete(key);
    for (let next = this.#fields.get(items.length + 1); next !== undefined; ) {
      this.#fields.delete(items.length + 1);
      items.push(next);
      next = this.#fields.get(items.length + 1);
    }
    return true;
  }
}

export function typeName(value: Value): string {
  if (value === undefined) return 'nil';
  if (value instanceof LuaTable) return 'table';
  return typeof value;
}

/** As `tostring` has it. */
export function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return numberText(value);
  if (value === undefined) return 'nil';
  if (typeof value === 'boolean') return String(value);
  return typeName(value);
}

/** `%.14g`. */
function numberText(number: number): string {
  if (Number.isInteger(number) && Math.abs(number) < 1e14) return String(number);
  if (!Number.isFinite(number)) return Number.isNaN(number) ? 'nan' : number < 0 ? '-inf' : 'inf';
  const [digits = '', exponent] = number.toPrecision(14).split('e');
  const short = digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
  if (exponent === undefined) return short;
  return `${short}e${exponent.replace(/^([+-])(\d)$/, '$10$2')}`;
}

/** A number, or a text that is one. */
export function numberIn(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|0x[\da-f]+)$/i.test(text) ? Number(text) : undefined;
}

/** What compiled functions call by these names. */
export const operators = {
  Several,
  LuaTable,

  one(value: Value | Several): Value {
    return value instanceof Several ? value.values[0] : value;
  },

  all(value: Value | Several): readonly Value[] {
    return value instanceof Several ? value.values : [value];
  },

  isTrue(value: Value): boolean {
    return value !== undefined && value !== false;
  },

  callee(value: Value): LuaFunction {
    if (typeof value === 'function') return value;
    throw new LuaError(`attempt to call a ${typeName(value)} value`);
  },

  index(value: Value, key: Value): Value {
    if (value instanceof LuaTable) return value.get(key);
    throw new LuaError(`attempt to index a ${typeName(value)} value`);
  },

  put(value: Value, key: Value, to: Value): void {
    if (!(value instanceof LuaTable)) throw new LuaError(`attempt to index a ${typeName(value)} value`);
    value.set(key, to);
  },

  number(value: Value): number {
    const number = numberIn(value);
    if (number === undefined) throw new LuaError(`attempt to perform arithmetic on a ${typeName(value)} value`);
    return number;
  },

  text(value: Value): string {
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return numberText(value);
    throw new LuaError(`attempt to concatenate a ${typeName(value)} value`);
  },

  /** The table, with these fields as well. */
  filled(table: LuaTable, fields: readonly (readonly [Value, Value])[]): LuaTable {
    for (const [key, value] of fields) table.set(key, value);
    return table;
  },

  length(value: Value): number {
    if (typeof value === 'string' || value instanceof LuaTable) return value.length;
    throw new LuaError(`attempt to get length of a ${typeName(value)} value`);
  },

  isLess(left: Value, right: Value): boolean {
    if (typeof left === 'number' && typeof right === 'number') return left < right;
    if (typeof left === 'string' && typeof right === 'string') return left < right;
    throw new LuaError(`attempt to compare ${typeName(left)} with ${typeName(right)}`);
  },

  isAtMost(left: Value, right: Value): boolean {
    if (typeof left === 'number' && typeof right === 'number') return left <= right;
    if (typeof left === 'string' && typeof right === 'string') return left <= right;
    throw new LuaError(`attempt to compare ${typeName(left)} with ${typeName(right)}`);
  },
};
