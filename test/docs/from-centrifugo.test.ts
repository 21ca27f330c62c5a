/** docs/guide/from-centrifugo.md says of each option what `fanfare migrate` does. `vitest run test/docs/from-centrifugo -u` rewrites it. */

import { expect, test } from 'vitest';
import { type Answer, answers } from '../../src/cli/migrate/answers.js';
import { readPage, root } from './page.js';

const path = 'docs/guide/from-centrifugo.md';
const begin = '<!-- options: written by test/docs/from-centrifugo.test.ts -->';
const end = '<!-- end of options -->';

test('the page lists every option with what becomes of it', async () => {
  const text = readPage(path);
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
  expect(start).toBeGreaterThan(0);
  expect(stop).toBeGreaterThan(start);
  const rows = Object.entries(answers).map(([key, answer]) => `| \`${key.replace(/\.$/, '.*')}\` | ${said(answer)} |`);
  const table = ['| Centrifugo 6 | Fanfare |', '|---|---|', ...rows].join('\n');
  await expect(`${text.slice(0, start)}${begin}\n\n${table}\n\n${text.slice(stop)}`).toMatchFileSnapshot(root + path);
});

function said(answer: Answer): string {
  if ('to' in answer) return `\`${answer.to}\`${answer.note === undefined ? '' : `, ${answer.note}`}`;
  if ('with' in answer) return answer.about;
  if ('needless' in answer) return `not needed: ${answer.needless}`;
  return `**refused**: ${answer.refused}`;
}
