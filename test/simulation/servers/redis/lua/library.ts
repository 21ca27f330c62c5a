/** The functions of Lua 5.1 and of Redis that the functions of the broker call, without those that talk to the server. */

import { patternOf } from './patterns.js';
import {
  LuaError,
  type LuaFunction,
  LuaTable,
  numberIn,
  operators,
  Several,
  textOf,
  typeName,
  type Value,
} from './values.js';

const { all, callee, number, text } = operators;

/** A table of functions. */
export function tableOf(functions: Readonly<Record<string, Value>>): LuaTable {
  const table = new LuaTable();
  for (const [name, value] of Object.entries(functions)) table.set(name, value);
  return table;
}

function several(...values: Value[]): Several {
  return new Several(values);
}

function itemsOf(value: Value): LuaTable {
  if (value instanceof LuaTable) return value;
  throw new LuaError(`bad argument (table expected, got ${typeName(value)})`);
}

/** From 1; from the end if negative. */
function placeIn(length: number, at: Value, otherwise: number): number {
  const place = at === undefined ? otherwise : Math.trunc(number(at));
  return place < 0 ? length + place + 1 : place;
}

/** What a pattern has captured, or all of it. */
function captured(match: RegExpExecArray): Value[] {
  return match.length === 1 ? [match[0]] : match.slice(1);
}

function found(subject: Value, pattern: Value, from: Value): RegExpExecArray | null {
  const whole = text(subject);
  const expression = patternOf(text(pattern));
  expression.lastIndex = Math.max(0, placeIn(whole.length, from, 1) - 1);
  return expression.exec(whole);
}

/** Of `string.format`. */
const formats: Readonly<Record<string, (value: Value) => string>> = {
  '%.0f': (value) => rounded(number(value)),
  '%d': (value) => String(Math.trunc(number(value))),
  '%s': textOf,
  '%04x': (value) => Math.trunc(number(value)).toString(16).padStart(4, '0'),
};

/** To an even neighbour if there are two. */
function rounded(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString();
  const below = Math.floor(value);
  const isHalf = value - below === 0.5;
  return String(isHalf ? (below % 2 === 0 ? below : below + 1) : Math.round(value));
}

const string = tableOf({
  format: (pattern, ...values) => {
    let next = 0;
    return text(pattern).replace(/%[^a-zA-Z%]*[a-zA-Z%]/g, (item) => {
      const format = formats[item];
      if (format === undefined) throw new Error(`the model of Redis does not know the format ${item}`);
      return format(values[next++]);
    });
  },
  find: (subject, pattern, from, isPlain) => {
    if (operators.isTrue(isPlain)) {
      const whole = text(subject);
      const at = whole.indexOf(text(pattern), Math.max(0, placeIn(whole.length, from, 1) - 1));
      return at === -1 ? undefined : several(at + 1, at + text(pattern).length);
    }
    const match = found(subject, pattern, from);
    if (match === null) return undefined;
    return several(match.index + 1, match.index + match[0].length, ...match.slice(1));
  },
  match: (subject, pattern, from) => {
    const match = found(subject, pattern, from);
    return match === null ? undefined : new Several(captured(match));
  },
  gmatch: (subject, pattern) => {
    const matches = text(subject).matchAll(patternOf(text(pattern)));
    return () => {
      const next = matches.next();
      return next.done === true ? undefined : new Several(captured(next.value));
    };
  },
  gsub: (subject, pattern, replacement) => {
    let count = 0;
    const made = text(subject).replace(patternOf(text(pattern)), (...parts: unknown[]) => {
      count++;
      const whole = String(parts[0]);
      if (typeof replacement === 'function') return text(operators.one(replacement(whole)) ?? whole);
      if (text(replacement).includes('%')) throw new Error('the model of Redis does not know % in a replacement');
      return text(replacement);
    });
    return several(made, count);
  },
  sub: (subject, from, to) => {
    const whole = text(subject);
    const [first, last] = [Math.max(1, placeIn(whole.length, from, 1)), placeIn(whole.length, to, -1)];
    return whole.slice(first - 1, Math.max(first - 1, last));
  },
  byte: (subject, at) => {
    const code = text(subject).charCodeAt(placeIn(text(subject).length, at, 1) - 1);
    return Number.isNaN(code) ? undefined : code;
  },
});

const table = tableOf({
  concat: (list, separator = '') => {
    const items = itemsOf(list);
    return Array.from({ length: items.length }, (_, n) => text(items.get(n + 1))).join(text(separator));
  },
});

const math = tableOf({
  floor: (value) => Math.floor(number(value)),
  max: (...values) => Math.max(...values.map(number)),
  min: (...values) => Math.min(...values.map(number)),
});

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

const nextItem: LuaFunction = (list, last) => {
  const at = number(last) + 1;
  const item = itemsOf(list).get(at);
  return item === undefined ? undefined : several(at, item);
};

/** By name. */
export const globalsOfLua: Readonly<Record<string, Value>> = {
  string,
  table,
  math,
  cjson: tableOf({
    encode: (value) => {
      if (typeof value !== 'string') throw new Error('the model of Redis encodes only text');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are to be escaped
      const inner = value.replace(/[\x00-\x1f\x7f"\\/]/g, (sign) => {
        return escapes[sign] ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
      });
      return `"${inner}"`;
    },
  }),
  type: typeName,
  tostring: textOf,
  tonumber: numberIn,
  ipairs: (list) => several(nextItem, itemsOf(list), 0),
  unpack: (list, from = 1, to) => {
    const items = itemsOf(list);
    const [first, last] = [number(from), to === undefined ? items.length : number(to)];
    return new Several(Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => items.get(first + n)));
  },
  error: (value, level) => {
    if (level !== 0) throw new Error('the model of Redis knows no places in sources');
    throw new LuaError(value);
  },
  pcall: (run, ...args) => {
    try {
      return several(true, ...all(callee(run)(...args)));
    } catch (error) {
      if (error instanceof LuaError) return several(false, error.value);
      throw error;
    }
  },
};
