/** Fuzzes what reads outside bytes: the decoders, channel names and patterns. None throws, all are linear. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChannelPattern } from '../../src/engine/names/channel-pattern.js';
import { channelNameFault, maxChannelBytes, parseChannelName } from '../../src/model/channel-name.js';
import { hasLoneSurrogate, trustedJsonText } from '../../src/model/json-text.js';
import { maxCommandsPerFrame } from '../../src/protocols/centrifugal/command-fields.js';
import { decodeJsonFrame } from '../../src/protocols/centrifugal/json-decode.js';
import { decodeProtobufFrame } from '../../src/protocols/centrifugal/protobuf-decode.js';
import { commandVectors, frameVectors, refusedVectors } from '../support/documents/protocol-vectors.js';

const seeds = [...commandVectors, ...frameVectors, ...refusedVectors].map(({ bytes }) => bytes);
const frameBytes = 65_536;

/** What every outcome must be, whatever came in. */
function expectDecoded(frame: string | Uint8Array, decode = decodeJsonFrame): void {
  const decoded = decode(frame);
  if (!decoded.ok) {
    expect([3501, 3506]).toContain(decoded.disconnect.code);
    // It goes to the log, so it never quotes the input at length.
    expect(decoded.detail.length).toBeLessThan(80);
    return;
  }
  expect(decoded.commands.length).toBeGreaterThan(0);
  expect(decoded.commands.length).toBeLessThanOrEqual(maxCommandsPerFrame);
  for (const command of decoded.commands) {
    expect(Object.getPrototypeOf(command)).toBe(Object.prototype);
    if ('id' in command) expect(command.id).toBeGreaterThan(0);
  }
}

/** Processor time, and the least of three: what a busy machine or a garbage collection adds is not the code's. */
function leastMs(task: () => void): number {
  const times = [1, 2, 3].map(() => {
    const before = process.cpuUsage();
    task();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...times);
}

describe('decodeProtobufFrame', () => {
  it('decodes or refuses any bytes, also behind a right length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        expectDecoded(bytes, decodeProtobufFrame);
        expectDecoded(Uint8Array.of(bytes.length, ...bytes), decodeProtobufFrame);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('decodeJsonFrame', () => {
  it('decodes or refuses any string', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => expectDecoded(text)),
      { numRuns: 1_000 },
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]":,\\nu0d8 \n\t1eE+-.idpugconesbchal') }), (text) =>
        expectDecoded(text),
      ),
      { numRuns: 2_000 },
    );
  });

  it('refuses any bytes', () =>
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => expectDecoded(bytes))));

  it('decodes or refuses any JSON value, alone and as the fields of each command', () => {
    const methods = ['connect', 'subscribe', 'publish', 'history', 'presence', 'rpc', 'send', 'refresh', 'sub_refresh'];
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(...methods), (json, method) => {
        expectDecoded(json);
        expectDecoded(`{"id":1,"${method}":${json}}`);
      }),
      { numRuns: 2_000 },
    );
  });

  it('decodes or refuses every field with every kind of value', () => {
    const names = [
      'channel',
      'token',
      'data',
      'recover',
      'epoch',
      'offset',
      'flag',
      'limit',
      'since',
      'reverse',
      'subs',
      'headers',
    ];
    const field = fc.tuple(fc.constantFrom(...names, '__proto__', 'constructor', 'toString'), fc.json({ maxDepth: 2 }));
    const method = fc.constantFrom('connect', 'subscribe', 'publish', 'history', 'send');
    fc.assert(
      fc.property(method, fc.array(field, { maxLength: 6 }), (name, fields) => {
        const body = fields.map(([key, value]) => `"${key}":${value}`).join(',');
        expectDecoded(`{"id":1,"${name}":{${body}}}`);
      }),
      { numRuns: 3_000 },
    );
    expect(({} as Record<string, unknown>).recover).toBeUndefined();
  });

  it('decodes or refuses every truncation of the golden vectors', () => {
    for (const seed of seeds) {
      const step = Math.max(1, Math.floor(seed.length / 500));
      for (let end = 0; end < seed.length; end += step) expectDecoded(seed.slice(0, end));
    }
  });

  it('decodes or refuses golden vectors with characters changed, cut, doubled and put in', () => {
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      remove: fc.nat({ max: 8 }),
      insert: fc.oneof(
        fc.string({ unit: 'binary', maxLength: 4 }),
        fc.constantFrom(
          '"',
          '\\',
          '{',
          '}',
          '[',
          ']',
          '\n',
          '\\ud800',
          '1e999',
          '-1',
          'null',
          '__proto__',
          '9007199254740993',
        ),
      ),
    });
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 4 }), (seed, edits) => {
        let frame = seed.slice(0, 4_000);
        for (const { at, remove, insert } of edits) {
          const index = Math.floor(at * frame.length);
          frame = frame.slice(0, index) + insert + frame.slice(index + remove);
        }
        expectDecoded(frame);
      }),
      { numRuns: 5_000 },
    );
  });

  it.each<[string, (length: number) => string]>([
    ['open brackets', (length) => '['.repeat(length)],
    ['open objects', (length) => '{"a":'.repeat(length / 5)],
    ['newlines', (length) => '\n'.repeat(length)],
    ['pongs', (length) => '{}\n'.repeat(length / 3)],
    ['quotes', (length) => '"'.repeat(length)],
    ['backslashes', (length) => `{"id":1,"send":{"data":"${'\\\\'.repeat(length / 2 - 20)}"}}`],
    [
      'backslashes before what looks like a surrogate',
      (length) => `{"send":{"data":"${'\\\\'.repeat(length / 2 - 20)}ud800"}}`,
    ],
    ['escaped pairs', (length) => `{"send":{"data":"${'\\ud83d\\ude00'.repeat(length / 12 - 4)}"}}`],
    ['lone surrogates', (length) => `{"send":{"data":"${'\\ud800'.repeat(length / 6 - 5)}"}}`],
    ['spaces', (length) => `${' '.repeat(length - 2)}{}`],
    ['spaces between', (length) => `{}${' '.repeat(length)}x`],
    ['a long number', (length) => `{"id":${'9'.repeat(length - 20)},"ping":{}}`],
    ['a long fraction', (length) => `{"id":1,"history":{"limit":0.${'1'.repeat(length - 40)}}}`],
    [
      'many keys',
      (length) => `{"id":1,"connect":{${Array.from({ length: length / 12 }, (_, i) => `"k${i}":1`).join(',')}}}`,
    ],
    [
      'many subs',
      (length) =>
        `{"id":1,"connect":{"subs":{${Array.from({ length: length / 14 }, (_, i) => `"k${i}":{}`).join(',')}}}}`,
    ],
    ['the same key', (length) => `{"id":1,"connect":{${'"a":1,'.repeat(length / 6 - 6)}"a":1}}`],
  ])('takes under 20 ms for a full frame of %s, and time in proportion to its length', (_, make) => {
    const frame = make(frameBytes);
    const ms = leastMs(() => expectDecoded(frame));
    expect(ms).toBeLessThan(20);
    const long = make(frameBytes * 16);
    // A linear step takes 16 times as long, a quadratic one 256 times.
    expect(leastMs(() => decodeJsonFrame(long))).toBeLessThan(Math.max(ms, 1) * 64);
  });
});

describe('the parts of the decoder', () => {
  it('hasLoneSurrogate agrees with the decoded string', () => {
    const unit = fc.constantFrom('\ud800', '\udc00', '\ud83d\ude00', '\\', 'u', 'd', 'ud800', '8', '"', 'a');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
        const isWhole = Buffer.from(text).toString() === text;
        expect(hasLoneSurrogate(trustedJsonText(JSON.stringify(text)))).toBe(!isWhole);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('channel names', () => {
  it('a name is accepted or refused, and an accepted one survives UTF-8 and NFC unchanged', () => {
    const character = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      fc.constantFrom('e\u0301', '\ud800', '😀', '\u202e'),
    );
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 300 }), (text) => {
        const name = parseChannelName(text);
        expect(name === undefined).toBe(channelNameFault(text) !== undefined);
        if (name === undefined) return;
        const bytes = Buffer.from(name);
        expect(bytes.length).toBeGreaterThan(0);
        expect(bytes.length).toBeLessThanOrEqual(maxChannelBytes);
        expect(bytes.toString()).toBe(text);
        expect(name.normalize('NFC')).toBe(text);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
        expect(name).not.toMatch(/[\u0000-\u001f\u007f]/);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['letters', 'a'],
    ['combining marks', '\u0301'],
    ['Hangul', '\u1112\u1161\u11ab'],
    ['lone surrogates', '\ud800'],
    ['controls', '\u0000'],
  ])('a megabyte of %s is refused in under 20 ms', (_, unit) => {
    const name = unit.repeat(1_000_000 / unit.length);
    expect(leastMs(() => expect(channelNameFault(name)).toBeDefined())).toBeLessThan(20);
  });
});

describe('ChannelPattern (B84)', () => {
  /** The same rule, spelled out as a regular expression for names of one segment each. */
  function expected(pattern: string, name: string): boolean {
    const source = pattern
      .split(':')
      .map((part) =>
        /^\{\w+\*\}$/.test(part) ? '.+' : /^\{\w+\}$/.test(part) ? '[^:]+' : part.replace(/[^\w]/g, '\\$&'),
      )
      .join(':');
    return new RegExp(`^${source}$`, 's').test(name);
  }

  it('matches as its meaning says', () => {
    const part = fc.constantFrom('a', 'b', '{x}', '{y}', '.*', 'a+', '');
    const patterns = fc
      .tuple(fc.array(part, { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([parts, hasRest]) => [...parts, ...(hasRest ? ['{rest*}'] : [])].join(':'))
      .filter((text) => text !== '' && new Set(text.match(/\{\w/g)).size === (text.match(/\{\w/g) ?? []).length);
    const names = fc.array(fc.constantFrom('a', 'b', 'c', '', '.*', 'aa', 'a+'), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(patterns, names, (pattern, segments) => {
        const name = parseChannelName(segments.join(':'));
        if (name === undefined) return;
        expect(new ChannelPattern(pattern).match(name) !== undefined).toBe(expected(pattern, name));
      }),
      { numRuns: 5_000 },
    );
  });

  it('what the placeholders stand for is put back to the name', () => {
    const segment = fc.string({ unit: fc.constantFrom('a', 'é', '{', '}', '*', '.', ' '), minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(segment, segment, fc.array(segment, { minLength: 1, maxLength: 4 }), (first, second, rest) => {
        const name = parseChannelName(['room', first, second, ...rest].join(':'));
        if (name === undefined) return;
        const params = new ChannelPattern('room:{constructor}:{b}:{c*}').match(name);
        expect(params).toEqual({ constructor: first, b: second, c: rest.join(':') });
        expect(Object.getPrototypeOf(params)).toBeNull();
      }),
    );
  });

  const hostile = ['(a+)+$', '(a|a)*b', '.*.*.*.*.*x', '[a-z]+', '^a$', '{x}:{y}:{z}:{r*}'];
  it.each(hostile)('pattern %s takes linear time on hostile names', (text) => {
    const pattern = new ChannelPattern(text);
    for (const unit of ['a', ':', 'a:', '!']) {
      const name = parseChannelName(unit.repeat(Math.floor(250 / unit.length)));
      if (name === undefined) throw new Error('not a name');
      const ms = leastMs(() => {
        for (let i = 0; i < 1_000; i++) pattern.match(name);
      });
      expect(ms).toBeLessThan(100);
    }
  });

  it.each(['', '{', '}', 'a{x}', '{x}{y}', '{x}:{x}', '{x*}:a', '{__proto__}', '{1}', '{}', '{x**}', '{{x}}'])(
    'refuses the pattern "%s" with ERR_CONFIG',
    (text) => expect(() => new ChannelPattern(text)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' })),
  );
});
