/** The part of fengari that the model of Redis uses: the C API of Lua, whose strings are bytes. */
declare module 'fengari' {
  type LuaState = { readonly __lua: unique symbol };
  type LuaFunction = (state: LuaState) => number;
  const fengari: {
    readonly lua: {
      readonly LUA_REGISTRYINDEX: number;
      readonly LUA_TNIL: number;
      readonly LUA_TBOOLEAN: number;
      readonly LUA_TNUMBER: number;
      readonly LUA_TSTRING: number;
      readonly LUA_TTABLE: number;
      lua_gettop(state: LuaState): number;
      lua_settop(state: LuaState, index: number): void;
      lua_pop(state: LuaState, count: number): void;
      lua_type(state: LuaState, index: number): number;
      lua_tojsstring(state: LuaState, index: number): string;
      lua_tonumber(state: LuaState, index: number): number;
      lua_toboolean(state: LuaState, index: number): boolean;
      lua_pushnil(state: LuaState): void;
      lua_pushboolean(state: LuaState, value: boolean): void;
      lua_pushinteger(state: LuaState, value: number): void;
      lua_pushnumber(state: LuaState, value: number): void;
      lua_pushstring(state: LuaState, value: Uint8Array): void;
      lua_pushjsfunction(state: LuaState, run: LuaFunction): void;
      lua_createtable(state: LuaState, numItems: number, numFields: number): void;
      lua_rawlen(state: LuaState, index: number): number;
      lua_rawgeti(state: LuaState, index: number, item: number): number;
      lua_rawseti(state: LuaState, index: number, item: number): void;
      lua_getfield(state: LuaState, index: number, name: Uint8Array): number;
      lua_setfield(state: LuaState, index: number, name: Uint8Array): void;
      lua_getglobal(state: LuaState, name: Uint8Array): number;
      lua_setglobal(state: LuaState, name: Uint8Array): void;
      lua_pcall(state: LuaState, numArguments: number, numResults: number, handler: number): number;
      lua_error(state: LuaState): number;
    };
    readonly lauxlib: {
      luaL_newstate(): LuaState;
      luaL_loadstring(state: LuaState, source: Uint8Array): number;
      luaL_ref(state: LuaState, table: number): number;
    };
    readonly lualib: { luaL_openlibs(state: LuaState): void };
    to_luastring(text: string): Uint8Array;
  };
  export default fengari;
}
