/** Lua that is translated does what it does in a virtual machine; what the compiler does not know is refused. */

import { describe, expect, test } from 'vitest';
import type { Reply } from '../reply.js';
import { LuaMachine } from './machine.js';
import { TwinMachine } from './twin-machine.js';

const twin = new TwinMachine();

function run(source: string, keys: readonly string[] = [], args: readonly string[] = []): Reply {
  return twin.run(source, keys, args, ([name, ...rest]) => {
    if (name === 'FAIL') return new Error('ERR it fails');
    if (name === 'NIL') return null;
    if (name === 'NUMBER') return 7;
    return [name ?? '', ...rest];
  });
}

describe('translated Lua', () => {
  test.each([
    ['logic has the value of a side', "return { false or 'a', nil and 'b' or 'c', 'd' and 'e', tostring(not nil) }"],
    ['a name can be declared again', 'local x = 1 local x = x + 1 do local x = 5 end return x'],
    ['both sides are worked out first', "local a, b = 'a', 'b' a, b = b, a return { a, b }"],
    ['places are worked out first', "local t = { 'x' } t[#t + 1], t[#t + 2] = 'y', 'z' return t"],
    ['the last call of a list is all of its values', "local function f() return 'a', 'b' end return { f(), f() }"],
    ['missing values are nil', 'local function f() end local a, b = f() return { tostring(a), tostring(b) }'],
    ['loops count down and in steps', 'local s = 0 for i = 10, 1, -3 do s = s * 10 + i end return s'],
    ['loops end early', 'for i, v in ipairs({ 3, 4, 5 }) do if v == 4 then return i end end'],
    [
      'functions keep what they close over',
      'local f = {} for i = 1, 3 do f[i] = function() return i end end return f[1]() + f[3]()',
    ],
    ['functions call themselves', 'local function f(n) return n == 0 and 1 or n * f(n - 1) end return f(5)'],
    ['while and break', 'local n = 0 while true do n = n + 1 if n > 4 then break end end return n'],
    ['lists end at nil', "local t = { 'a', 'b', 'c' } t[2] = nil return t"],
    [
      'the length follows what is put last',
      "local t = {} t[3] = 'c' t[1] = 'a' t[2] = 'b' t[3] = nil return { #t, t[1], t[2] }",
    ],
    ['texts count as numbers in sums', 'return ARGV[1] + 1'],
    ['numbers are texts when joined', "return 'n' .. 12"],
    ['an error is a value', "local ok, why = pcall(function() error('because', 0) end) return { tostring(ok), why }"],
    ['an error ends the function', "error('BROKEN place', 0)"],
    ['a failed command raises', "local ok, why = pcall(redis.call, 'FAIL') return { tostring(ok), why.err }"],
    ['a failed command ends the function', "redis.call('FAIL')"],
    ['a failed command that is asked carefully does not', "return { redis.pcall('FAIL').err }"],
    ['nothing is false', "return tostring(redis.call('NIL'))"],
    ['a number stays one', "return type(redis.call('NUMBER'))"],
    ['numbers are written out', "return string.format('%.0f', 9007199254740992)"],
    ['text is found as it is', "return { string.find('a.b', '.', 1, true) }"],
    ['text is found by a pattern', "return { string.find('role:slave', 'r%a+:(%w+)') }"],
    ['captures', "return { string.match('12:34x', '^(%d+):(%d*)') }"],
    ['an anchor', "return tostring(string.match('a1', '^%d'))"],
    [
      'sets and their opposite',
      "return { string.match('000a0', '[^0]'), string.gsub('h\\195\\169', '[^\\128-\\191]', '') }",
    ],
    ['each word', "local t = {} for w in string.gmatch(' a bc  d', '%S+') do t[#t + 1] = w end return t"],
    ['bytes, not characters', 'return { #ARGV[2], string.sub(ARGV[2], 1, 1) }'],
    ['JSON', 'return cjson.encode(ARGV[3])'],
    [
      'numbers of texts',
      "return { tostring(tonumber('')), tonumber(' 12 '), tostring(tonumber('1x')), tonumber('1e2'), tostring(tonumber(false)) }",
    ],
    ['parts of lists', "return { unpack({ 'a', 'b', 'c' }, 2, 3) }"],
    ['tables by name', "local t = { a = 'x', ['b'] = 'y', 'z' } return { t.a, t.b, t[1], #t }"],
  ])('%s', (_, source) => {
    // The first is a number, the second begins with a character of two bytes whose first alone is none.
    expect(() => run(source, ['key'], ['41', 'aé', 'a"b\\c/\n\u0001é'])).not.toThrow();
  });

  test('what is not known is refused, and not passed over', () => {
    const machine = new LuaMachine();
    for (const source of [
      'x = 1',
      "return ('a'):rep(2)",
      'return os.time()',
      'return 2 ^ 2',
      'goto a',
      "string.format('%q', 'a')",
    ])
      expect(() => machine.run(source, [], [], () => null)).toThrow();
  });

  test('a fault of the functions is an error, as in Redis', () => {
    for (const source of ['return nil + 1', 'return ({}) .. 1', 'return nil < 1', 'local t t.x = 1', 'return #nil'])
      expect(new LuaMachine().run(source, [], [], () => null)).toBeInstanceOf(Error);
  });
});
