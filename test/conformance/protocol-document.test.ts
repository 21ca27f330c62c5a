/** PROTOCOL.md against the source: every code and limit is in its tables, and nothing else is. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../../src/engine/ports/limits.js';
import { maxChannelBytes } from '../../src/model/channel-name.js';
import { disconnectCodes, errorCodes, reconnects, unsubscribeCodes } from '../../src/model/codes.js';
import { subscribeFlags } from '../../src/model/command.js';
import { maxJsonNesting } from '../../src/model/json-parse.js';
import { maxCommandsPerFrame } from '../../src/protocols/centrifugal/command-fields.js';
import { decodeJsonFrame } from '../../src/protocols/centrifugal/json-decode.js';
import { commandVectors, pushVectors, replyVectors } from '../support/documents/protocol-vectors.js';

const text = readFileSync(new URL('../../PROTOCOL.md', import.meta.url), 'utf8');

/** The rows of the tables below a heading, up to the next one. */
function tableBelow(heading: string): string[][] {
  const start = text.indexOf(`\n${heading}\n`);
  expect(start, heading).toBeGreaterThan(0);
  const section = text.slice(start + heading.length + 2).split(/\n#+ /)[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.filter((line) => !line.startsWith('|---')).map((line) => line.split('|').slice(1, -1).map(trimmed));
}

function trimmed(cell: string): string {
  return cell.trim();
}

const yesOrNo = (yes: boolean) => (yes ? 'yes' : 'no');
/** Without the head and the column of explanations. */
const facts = (rows: string[][]) => rows.slice(1).map((row) => row.slice(0, 3));

describe('codes', () => {
  test('errors', () => {
    const known = Object.values(errorCodes).map((e) => [String(e.code), e.message, yesOrNo(e.temporary)]);
    expect(facts(tableBelow('### Error codes'))).toEqual(known);
  });

  test('disconnects, and after which of them clients come back', () => {
    const known = Object.values(disconnectCodes).map((d) => [String(d.code), d.reason, yesOrNo(reconnects(d.code))]);
    expect(facts(tableBelow('### Disconnect codes'))).toEqual(known);
  });

  test('unsubscribes, and after which of them clients subscribe again', () => {
    const known = Object.values(unsubscribeCodes).map((u) => [String(u.code), u.reason, yesOrNo(u.code >= 2_500)]);
    expect(facts(tableBelow('### Unsubscribe codes'))).toEqual(known);
  });

  test('flags', () => {
    const rows = tableBelow('## Flags').slice(1);
    expect(rows.map(([bit]) => Number(bit))).toEqual(Object.values(subscribeFlags));
  });
});

describe('limits', () => {
  const rows = tableBelow('## Limits').filter(([name]) => name !== 'limit' && name !== 'option');
  const values = new Map(rows.map(([name = '', value = '']) => [name, Number(value.replaceAll(',', ''))]));

  test('options have these defaults', () => {
    const options = [...values]
      .filter(([name]) => name.startsWith('`'))
      .map(([name, value]) => [name.slice(1, -1), value]);
    const known = Object.entries(defaultLimits);
    expect(options.length).toBeGreaterThan(10);
    for (const option of options) expect(known).toContainEqual(option);
  });

  test('fixed limits are where the document says', () => {
    expect(values.get("nesting of a frame's JSON")).toBe(maxJsonNesting);
    expect(values.get('commands in a frame')).toBe(maxCommandsPerFrame);
    expect(values.get('channel name, bytes of UTF-8')).toBe(maxChannelBytes);
    const outcome = (frame: string) => {
      const decoded = decodeJsonFrame(frame);
      return decoded.ok ? decoded.commands[0]?.kind : decoded.disconnect.code;
    };
    const id = values.get('command id') ?? 0;
    expect(outcome(`{"ping":{},"id":${id}}`)).toBe('ping');
    expect(outcome(`{"ping":{},"id":${id + 1}}`)).toBe(3501);
    const epoch = (length: number) => `{"subscribe":{"recover":true,"epoch":"${'e'.repeat(length)}"},"id":1}`;
    expectEdge(values.get('length of an epoch'), 'subscribe', (n) => outcome(epoch(n)));
    const entries = (n: number, value: unknown) =>
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, value]));
    const connect = (field: string, n: number, value: unknown) =>
      outcome(JSON.stringify({ connect: { [field]: entries(n, value) }, id: 1 }));
    expectEdge(values.get('channels in `subs` of `connect`'), 'connect', (n) => connect('subs', n, {}));
    expectEdge(values.get('entries in `headers` of `connect`'), 'connect', (n) => connect('headers', n, 'v'));
  });
});

describe('messages', () => {
  const methods = tableBelow('## Commands').slice(1);

  test('every method is in the table, each of its fields is in a golden command', () => {
    const used = new Map<string, Set<string>>();
    for (const { bytes } of commandVectors) {
      const { id: _, ...rest } = JSON.parse(bytes);
      for (const [method, fields] of Object.entries<object>(rest))
        used.set(method, new Set([...(used.get(method) ?? []), ...Object.keys(fields)]));
    }
    expect(methods.map(([method = '']) => method.slice(1, -1)).sort()).toEqual([...used.keys()].sort());
    for (const [method = '', fields = ''] of methods)
      for (const [, field = ''] of fields.matchAll(/`(\w+)`/g)) expect(used.get(method.slice(1, -1))).toContain(field);
  });

  test('replies have the fields of the table, in its order', () => {
    const fields = new Map<string, string[]>();
    for (const [names = '', content = ''] of tableBelow('## Replies').slice(1)) {
      const listed = [...content.matchAll(/`(\w+)`/g)].map(([, field]) => field ?? '');
      for (const [, name = ''] of names.matchAll(/`(\w+)`/g)) if (name !== 'subs') fields.set(name, listed);
    }
    for (const { name, bytes } of replyVectors) {
      const { id, error, ...rest } = JSON.parse(bytes);
      const [[reply, content] = ['', {}]] = Object.entries<object>(rest);
      if (error !== undefined) continue;
      const known = fields.get(reply) ?? [];
      expect(id, name).toBeGreaterThan(0);
      expect(Object.keys(content), name).toEqual(known.filter((field) => Object.hasOwn(content, field)));
    }
    // A table that is longer than what is ever sent would pass the above.
    for (const [reply, known] of fields) {
      const sent = replyVectors.flatMap(({ bytes }) => Object.keys(JSON.parse(bytes)[reply] ?? {}));
      expect(new Set(known), reply).toEqual(new Set(sent));
    }
  });

  test('every push is in the table, and nothing else', () => {
    const listed = tableBelow('## Pushes')
      .slice(1)
      .flatMap(([names = '']) => [...names.matchAll(/`(\w+)`/g)].map(([, n]) => n));
    // A number may stand for the channel.
    const sent = pushVectors.flatMap(({ bytes }) =>
      Object.keys(JSON.parse(bytes).push).filter((key) => key !== 'channel' && key !== 'id'),
    );
    expect(new Set(listed)).toEqual(new Set(sent));
  });
});

/** At the limit it is fine, one beyond its command fails. */
function expectEdge(limit: number | undefined, fine: string, outcome: (n: number) => unknown): void {
  expect(limit).toBeGreaterThan(0);
  expect(outcome(limit ?? 0)).toBe(fine);
  expect(outcome((limit ?? 0) + 1)).toBe('invalid');
}
