/** Runs the functions of the Redis broker, as they are, in a virtual machine for Lua: slow, and what the translation is held against. */

import fengari from 'fengari';
import { type Reply, Status } from '../reply.js';
import type { Call, LuaRunner } from './machine.js';

const { lua, lauxlib, lualib, to_luastring: bytesOf } = fengari;
type LuaState = Parameters<typeof lua.lua_gettop>[0];

/** What Redis 7 has, as far as the functions use it, and Lua 5.3 has not. */
const prelude = bytesOf(`
unpack = table.unpack
local escapes = { ['"'] = '\\\\"', ['\\\\'] = '\\\\\\\\', ['/'] = '\\\\/', ['\\n'] = '\\\\n', ['\\r'] = '\\\\r', ['\\t'] = '\\\\t', ['\\b'] = '\\\\b', ['\\f'] = '\\\\f' }
cjson = { encode = function(text)
  return '"' .. string.gsub(text, '[%c"/\\\\]', function(c)
    return escapes[c] or string.format('\\\\u%04x', string.byte(c))
  end) .. '"'
end }
`);
const [okField, errField] = [bytesOf('ok'), bytesOf('err')];

/** One for all servers of a process: functions keep nothing between their calls. */
export class ReferenceMachine implements LuaRunner {
  readonly #state: LuaState = lauxlib.luaL_newstate();
  /** By source. */
  readonly #functions = new Map<string, number>();
  #call: Call = () => null;

  constructor() {
    const state = this.#state;
    lualib.luaL_openlibs(state);
    if (lauxlib.luaL_loadstring(state, prelude) !== 0 || lua.lua_pcall(state, 0, 0, 0) !== 0) throw this.#taken();
    lua.lua_createtable(state, 0, 2);
    for (const name of ['call', 'pcall'] as const) {
      lua.lua_pushjsfunction(state, (inner) => this.#called(inner, name === 'call'));
      lua.lua_setfield(state, -2, bytesOf(name));
    }
    lua.lua_setglobal(state, bytesOf('redis'));
  }

  /** @returns what the function answers; an Error if it fails */
  run(source: string, keys: readonly string[], args: readonly string[], call: Call): Reply {
    const state = this.#state;
    this.#call = call;
    this.#setGlobal('KEYS', keys);
    this.#setGlobal('ARGV', args);
    lua.lua_rawgeti(state, lua.LUA_REGISTRYINDEX, this.#functionOf(source));
    if (lua.lua_pcall(state, 0, 1, 0) !== 0) return this.#taken();
    const reply = this.#read(state, -1);
    lua.lua_settop(state, 0);
    return reply;
  }

  #functionOf(source: string): number {
    const known = this.#functions.get(source);
    if (known !== undefined) return known;
    if (lauxlib.luaL_loadstring(this.#state, bytesOf(source)) !== 0) throw this.#taken();
    const made = lauxlib.luaL_ref(this.#state, lua.LUA_REGISTRYINDEX);
    this.#functions.set(source, made);
    return made;
  }

  /** The error on top of the stack, which is cleared. */
  #taken(): Error {
    const state = this.#state;
    const isTable = lua.lua_type(state, -1) === lua.LUA_TTABLE;
    const reply = isTable ? this.#read(state, -1) : undefined;
    const text = reply instanceof Error ? reply.message : lua.lua_tojsstring(state, -1);
    lua.lua_settop(state, 0);
    return new Error(text);
  }

  #setGlobal(name: string, texts: readonly string[]): void {
    const state = this.#state;
    lua.lua_createtable(state, texts.length, 0);
    for (const [index, text] of texts.entries()) {
      lua.lua_pushstring(state, bytesOf(text));
      lua.lua_rawseti(state, -2, index + 1);
    }
    lua.lua_setglobal(state, bytesOf(name));
  }

  #called(state: LuaState, raises: boolean): number {
    const command: string[] = [];
    for (let index = 1; index <= lua.lua_gettop(state); index++) {
      const isNumber = lua.lua_type(state, index) === lua.LUA_TNUMBER;
      command.push(isNumber ? String(lua.lua_tonumber(state, index)) : lua.lua_tojsstring(state, index));
    }
    const reply = this.#call(command);
    this.#push(state, reply);
    return reply instanceof Error && raises ? lua.lua_error(state) : 1;
  }

  #push(state: LuaState, reply: Reply): void {
    if (reply === null) lua.lua_pushboolean(state, false);
    // Whole numbers have 32 bits in this machine.
    else if (typeof reply === 'number' && Math.abs(reply) < 2 ** 31) lua.lua_pushinteger(state, reply);
    else if (typeof reply === 'number') lua.lua_pushnumber(state, reply);
    else if (typeof reply === 'string') lua.lua_pushstring(state, bytesOf(reply));
    else if (reply instanceof Status || reply instanceof Error) {
      lua.lua_createtable(state, 0, 1);
      lua.lua_pushstring(state, bytesOf(reply instanceof Status ? reply.text : reply.message));
      lua.lua_setfield(state, -2, reply instanceof Status ? okField : errField);
    } else {
      lua.lua_createtable(state, reply.length, 0);
      for (const [index, item] of reply.entries()) {
        this.#push(state, item);
        lua.lua_rawseti(state, -2, index + 1);
      }
    }
  }

  #read(state: LuaState, index: number): Reply {
    switch (lua.lua_type(state, index)) {
      case lua.LUA_TSTRING:
        return lua.lua_tojsstring(state, index);
      case lua.LUA_TNUMBER:
        return Math.trunc(lua.lua_tonumber(state, index));
      case lua.LUA_TBOOLEAN:
        return lua.lua_toboolean(state, index) ? 1 : null;
      case lua.LUA_TTABLE:
        return this.#readTable(state, index < 0 ? lua.lua_gettop(state) + 1 + index : index);
      default:
        return null;
    }
  }

  #readTable(state: LuaState, index: number): Reply {
    for (const [field, made] of [
      [errField, (text: string) => new Error(text)],
      [okField, (text: string) => new Status(text)],
    ] as const) {
      const isThere = lua.lua_getfield(state, index, field) === lua.LUA_TSTRING;
      const text = isThere ? lua.lua_tojsstring(state, -1) : '';
      lua.lua_pop(state, 1);
      if (isThere) return made(text);
    }
    const items: Reply[] = [];
    for (let n = 1; ; n++) {
      const isEnd = lua.lua_rawgeti(state, index, n) === lua.LUA_TNIL;
      if (!isEnd) items.push(this.#read(state, -1));
      lua.lua_pop(state, 1);
      if (isEnd) return items;
    }
  }
}
