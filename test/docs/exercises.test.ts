/** The exercises of CONTRIBUTING.md, followed on a copy of the sources: each touches the files that it names, and works. */

import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Block, blocksOf, readPage, root } from './page.js';

const copy = `${root}.cache/exercises`;
rmSync(copy, { recursive: true, force: true });
for (const folder of ['package.json', 'src', 'test/support'])
  cpSync(root + folder, `${copy}/${folder}`, { recursive: true });
afterAll(() => rmSync(copy, { recursive: true }));

interface Exercise {
  readonly title: string;
  readonly named: readonly string[];
  readonly blocks: readonly Block[];
}

const [, section = ''] = readPage('CONTRIBUTING.md').split('\n## Exercises\n');
const exercises = (section.split('\n## ')[0] ?? '')
  .split('\n### ')
  .slice(1)
  .map((text): Exercise => {
    const [prose = ''] = text.split('```');
    return {
      title: text.split('\n')[0] ?? '',
      named: [...prose.matchAll(/`((?:src|test)\/[^`]+)`/g)].map(([, path = '']) => path),
      blocks: blocksOf(text),
    };
  });

/** A new file is there as it is. Of a change, lines that begin with a space or a minus must be there, once. */
function follow({ language, label, text }: Block): void {
  const path = `${copy}/${label}`;
  if (language !== 'diff') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return;
  }
  let file = readFileSync(path, 'utf8');
  for (const hunk of text.split('@@\n')) {
    const lines = hunk.match(/^.*\n/gm) ?? [];
    const side = (sign: string) => lines.filter((line) => !line.startsWith(sign)).map((line) => line.slice(1));
    const parts = file.split(side('+').join(''));
    if (parts.length !== 2) throw new Error(`${label} has this ${parts.length - 1} times:\n${side('+').join('')}`);
    file = parts.join(side('-').join(''));
  }
  writeFileSync(path, file);
}

for (const block of exercises.flatMap(({ blocks }) => blocks)) follow(block);

test.each(exercises)('$title changes the files that it names, and no others', ({ named, blocks }) => {
  expect(blocks.map(({ label }) => label)).toEqual(named);
  for (const { language, label } of blocks) expect(existsSync(root + label)).toBe(language === 'diff');
});

test('there are three, of 2 and 3 files, and of a folder with its test', () => {
  expect(exercises.map(({ title, named }) => [title, named.length])).toEqual([
    ['Add a limit', 2],
    ['Add a command', 3],
    ['Add a broker', 2],
  ]);
});

test('what they write compiles', { timeout: 180_000 }, () => {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
  const files = exercises.flatMap(({ named }) => named.map((path) => `${copy}/${path}`));
  const program = ts.createProgram(files, { ...options, noEmit: true, incremental: false });
  const faults = files.flatMap((path) => ts.getPreEmitDiagnostics(program, program.getSourceFile(path)));
  expect(faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
});

describe('what they have made', async () => {
  const { fanfare, rpc, channel }: typeof import('../../src/index.js') = await import(`${copy}/src/index.ts`);
  const { loadConfig }: typeof import('../../src/config/load.js') = await import(`${copy}/src/config/load.ts`);
  const lines: object[] = [];
  const note = (line: object) => lines.push(line);

  /** What the commands of one client are answered. */
  async function answers(...commands: object[]): Promise<unknown[]> {
    const app = fanfare({
      anonymous: true,
      channels: { 'room:{id}': channel({ subscribe: 'anyone' }) },
      rpc: { echo: rpc({ allow: 'anyone', run: (data) => data }) },
      // safe: the limit of the exercise, which the types of this file do not have
      limits: { maxRpcBytes: 20 } as object,
      log: { debug: note, info: note, warn: note, error: note },
    });
    const { port } = await app.listen(0);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/connection/websocket`);
    try {
      await once(socket, 'open');
      const replies: unknown[] = [];
      for (const [n, command] of [{ connect: {} }, ...commands].entries()) {
        socket.send(JSON.stringify({ ...command, id: n + 1 }));
        const [frame] = await once(socket, 'message');
        replies.push(JSON.parse(String(frame)));
      }
      socket.close();
      return replies.slice(1);
    } finally {
      await app.close(0);
    }
  }

  test('a limit is an option with a check, and what is beyond is refused with a line that names the option', async () => {
    const load = (value: string) =>
      // safe: the option of the exercise
      loadConfig({
        folder: copy,
        env: {},
        flags: new Map([['limits.maxRpcBytes' as 'port', value]]),
        mode: 'production',
      });
    expect(await load('20')).toMatchObject({ ok: true, config: { values: { 'limits.maxRpcBytes': 20 } } });
    expect(await load('1')).toMatchObject({ ok: false, problems: [{ key: 'limits.maxRpcBytes' }] });
    const call = (data: string) => ({ rpc: { method: 'echo', data } });
    expect(await answers(call('short'), call('x'.repeat(20)))).toMatchObject([
      { rpc: { data: 'short' } },
      { error: { code: 106 } },
    ]);
    expect(lines).toContainEqual(expect.objectContaining({ check: 'limit', option: 'limits.maxRpcBytes' }));
  });

  test('a command is carried out', async () => {
    const subscribe = (name: string) => ({ subscribe: { channel: `room:${name}` } });
    const replies = await answers(subscribe('a'), subscribe('b'), { unsubscribe_all: {} }, subscribe('a'));
    expect(replies.map((reply) => Object.keys(reply as object)[1])).toEqual([
      'subscribe',
      'subscribe',
      'unsubscribe',
      'subscribe',
    ]);
  });

  await import(`${copy}/test/brokers/audited.test.ts`);
});
