/**
 * Each answer of the server's × what the official client does with it: PROTOCOL.md has the table, which is written from what
 * is seen here (`vitest run test/centrifuge/answers -u`). The codes are those that the source names.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { disconnectCodes, errorCodes, unsubscribeCodes } from '../../src/model/codes.js';
import { expectSection } from '../docs/page.js';
import {
  type Answer,
  type Asked,
  type Fate,
  finalFates,
  nobodysFault,
  type Seen,
  wordsOf,
} from '../support/centrifuge/answers/answer.js';
import { atAnyTime } from '../support/centrifuge/answers/at-any-time.js';
import { calls } from '../support/centrifuge/answers/calls.js';
import { connecting } from '../support/centrifuge/answers/connecting.js';
import { Stage } from '../support/centrifuge/answers/stage.js';
import { subscribing } from '../support/centrifuge/answers/subscribing.js';

const answers: readonly Answer[] = [...connecting, ...subscribing, ...calls, ...atAnyTime];
const fates = new Map<Answer, Fate>();
const begin = '<!-- answers: written by test/centrifuge/answers.test.ts -->';
const end = '<!-- end of answers -->';

describe('what the official client does', () => {
  test.concurrent.each(answers.map((one) => [`${one.asked} ${one.code}: ${one.when}`, one] as const))(
    '%s',
    { timeout: 120_000 },
    async (_, one) => {
      await using stage = new Stage();
      const { code, fate }: Seen = await one.run(stage);
      expect(code).toBe(one.code);
      const isHarmless = !nobodysFault.includes(one.cause) || !finalFates.includes(fate);
      expect(isHarmless, `${fate} by a ${one.cause}`).toBe(true);
      fates.set(one, fate);
    },
  );
});

describe('no code is without a row', () => {
  const root = new URL('../../src/', import.meta.url);
  const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
  const tables = { errorCodes, disconnectCodes, unsubscribeCodes };

  /** The codes that a file names. */
  function namedIn(text: string): number[] {
    return [...text.matchAll(/\b(errorCodes|disconnectCodes|unsubscribeCodes)\.(\w+)/g)].flatMap(([, table, name]) => {
      const known: Readonly<Record<string, { readonly code: number }>> = tables[table as keyof typeof tables];
      return known[name ?? '']?.code ?? [];
    });
  }

  const shown = (asked: readonly Asked[]) =>
    new Set(answers.filter((one) => asked.includes(one.asked)).map(({ code }) => code));

  /** Of the file of each command: what it is asked with, and what its file is. */
  const asked: Readonly<Record<string, readonly Asked[]>> = {
    connect: ['connect'],
    'server-side': ['connect'],
    subscribe: ['subscribe'],
    'map-subscribe': ['subscribe'],
    filter: ['subscribe'],
    'max-rate': ['subscribe'],
    unsubscribe: ['unsubscribe'],
    publish: ['publish'],
    presence: ['presence', 'presence_stats'],
    history: ['history'],
    rpc: ['rpc'],
    'join-leave': ['rpc'],
    stream: ['rpc'],
    send: ['send'],
    refresh: ['refresh'],
    'sub-refresh': ['sub_refresh', 'nothing'],
    '../rule-change': ['nothing'],
  };
  /** Behind all that name a channel. */
  const shared = ['target', 'handlers'];

  test('each command has a file that is looked into', () => {
    const files = readdirSync(new URL('engine/sessions/commands/', root)).map((name) => name.replace('.ts', ''));
    const commands = Object.keys(asked).filter((file) => !file.startsWith('../'));
    expect([...commands, ...shared].sort()).toEqual(files.sort());
  });

  test.each(Object.entries(asked))('of %s', (file, by) => {
    const text = read(`engine/sessions/commands/${file}.ts`);
    const own = namedIn(text).filter((code) => !isForAnotherUse(file, code));
    const ofChannels = text.includes('findTarget(') ? namedIn(read('engine/sessions/commands/target.ts')) : [];
    for (const one of by) {
      const rows = shown([one, ...by.filter((each) => each === 'nothing')]);
      if (one === 'nothing' && by.length > 1) continue;
      expect(
        [...own, ...ofChannels.filter((code) => code !== 109)].filter((code) => !rows.has(code)),
        one,
      ).toEqual([]);
    }
  });

  test('of all that are sent at all', () => {
    const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && path !== 'model/codes.ts')
      .filter((path) => path.startsWith('engine/') || path.startsWith('protocols/') || path.startsWith('server/'));
    const sent = new Set(sources.flatMap((path) => namedIn(read(path))));
    const rows = new Set(answers.map(({ code }) => code));
    expect([...sent].filter((code) => !rows.has(code) && !neverSent.includes(code))).toEqual([]);
  });

  test('and none is for a code that there is not', () => {
    const known = Object.values(tables).flatMap((table) => Object.values(table).map(({ code }) => code));
    const isOther = (code: number) => code === tooLarge || code >= 4_000 || (code >= 400 && code < 2_000);
    expect(answers.map(({ code }) => code).filter((code) => !known.includes(code as never) && !isOther(code))).toEqual(
      [],
    );
  });

  /** A close code of WebSocket's own. */
  const tooLarge = 1_009;

  /** How the server counts ends that nobody is told of. */
  const neverSent: readonly number[] = [
    unsubscribeCodes.client.code,
    unsubscribeCodes.disconnect.code,
    disconnectCodes.connectionClosed.code,
  ];

  /** Named there to compare with, or told to the rest of the engine. */
  function isForAnotherUse(file: string, code: number): boolean {
    return neverSent.includes(code) || (file === 'subscribe' && (code === 2_000 || code === 2_500));
  }
});

test('PROTOCOL.md has the table of all that was seen', async ({ skip }) => {
  if (fates.size < answers.length) skip('not all of them were run, or one has failed');
  await expectSection('PROTOCOL.md', begin, end, table());
});

interface Row {
  readonly asked: Asked;
  readonly fate: Fate;
  codes: number[];
  readonly by: Set<string>;
  readonly when: string;
}

/** Calls that fail are told of in one row for each command. */
function table(): string {
  const rows: Row[] = [];
  for (const one of answers) {
    const fate = fates.get(one);
    if (fate === undefined) continue;
    const same = fate === 'fails' ? rows.find((row) => row.asked === one.asked && row.fate === fate) : undefined;
    if (same === undefined) {
      const when = fate === 'fails' ? 'as the [codes](#error-codes) say' : one.when;
      rows.push({ asked: one.asked, fate, codes: [one.code], by: new Set([one.cause]), when });
    } else if (!same.codes.includes(one.code)) same.codes.push(one.code);
  }
  return [
    '| to | answered | brought about by | when | the client |',
    '|---|---|---|---|---|',
    ...rows.map(({ asked, codes, by, when, fate }) => {
      const named = asked === 'nothing' ? 'at any time' : asked === 'anything' ? 'to a frame' : `\`${asked}\``;
      const why = fate === 'fails' ? '—' : [...by].join();
      return `| ${named} | ${codes.sort((a, b) => a - b).join(', ')} | ${why} | ${when} | ${wordsOf[fate]} |`;
    }),
  ].join('\n');
}
