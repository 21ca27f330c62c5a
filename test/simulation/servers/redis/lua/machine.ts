/** Runs the functions of the Redis broker: what they are translated to, with the answers of a server. */

import { type Reply, Status } from '../reply.js';
import { compile, type Globals } from './compiler.js';
import { globalsOfLua, tableOf } from './library.js';
import { LuaError, type LuaFunction, LuaTable, numberIn, operators, typeName, type Value } from './values.js';

/** Runs a command of Redis for a function. Errors are returned, not thrown. */
export type Call = (command: readonly string[]) => Reply;

export interface LuaRunner {
  /** @returns what the function answers; an Error if it fails */
  run(source: string, keys: readonly string[], args: readonly string[], call: Call): Reply;
}

/** One for all servers of a process: functions keep nothing between their calls. */
export class LuaMachine implements LuaRunner {
  readonly #globals: Globals = { ...globalsOfLua };
  /** By source. */
  readonly #functions = new Map<string, LuaFunction>();
  #call: Call = () => null;

  constructor() {
    const ask = (args: readonly Value[]) => this.#call(args.map(commandPart));
    this.#globals.redis = tableOf({
      call: (...args) => {
        const reply = ask(args);
        if (reply instanceof Error) throw new LuaError(luaOf(reply));
        return luaOf(reply);
      },
      pcall: (...args) => luaOf(ask(args)),
    });
    this.#globals.KEYS = new LuaTable();
    this.#globals.ARGV = new LuaTable();
  }

  run(source: string, keys: readonly string[], args: readonly string[], call: Call): Reply {
    this.#call = call;
    this.#globals.KEYS = new LuaTable(keys.map(toBytes));
    this.#globals.ARGV = new LuaTable(args.map(toBytes));
    const known = this.#functions.get(source);
    const made = known ?? compile(source, this.#globals);
    if (known === undefined) this.#functions.set(source, made);
    try {
      return replyOf(operators.one(made()));
    } catch (error) {
      if (!(error instanceof LuaError)) throw error;
      const { value } = error;
      const reply = value instanceof LuaTable ? replyOf(value) : undefined;
      return reply instanceof Error ? reply : new Error(fromBytes(error.message));
    }
  }
}

function commandPart(value: Value): string {
  if (typeof value === 'string') return fromBytes(value);
  if (typeof value === 'number') return String(value);
  throw new LuaError(`Lua redis lib command arguments must be strings or integers, and not ${typeName(value)}`);
}

function luaOf(reply: Reply): Value {
  if (reply === null) return false;
  if (typeof reply === 'number') return reply;
  if (typeof reply === 'string') return toBytes(reply);
  if (reply instanceof Status) return tableOf({ ok: toBytes(reply.text) });
  if (reply instanceof Error) return tableOf({ err: toBytes(reply.message) });
  return new LuaTable(reply.map(luaOf));
}

function replyOf(value: Value): Reply {
  if (typeof value === 'string') return fromBytes(value);
  if (typeof value === 'number') return Math.trunc(numberIn(value) ?? 0);
  if (value === true) return 1;
  if (!(value instanceof LuaTable)) return null;
  const [err, ok] = [value.get('err'), value.get('ok')];
  if (typeof err === 'string') return new Error(fromBytes(err));
  if (typeof ok === 'string') return new Status(fromBytes(ok));
  const items: Reply[] = [];
  for (let n = 1; n <= value.length && value.get(n) !== undefined; n++) items.push(replyOf(value.get(n)));
  return items;
}

/** In Lua a string has one character for each byte. */
function toBytes(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text).toString('latin1');
}

function fromBytes(bytes: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
  return /^[\x00-\x7f]*$/.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString();
}
