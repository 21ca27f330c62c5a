/** docs/moving/centrifugo.md says of each option what `fanfare migrate` does. `vitest run test/docs/moving-centrifugo -u` rewrites it. */

import { test } from 'vitest';
import { type Answer, answers } from '../../src/cli/migrate/answers.js';
import { expectSection } from './page.js';

const begin = '<!-- options: written by test/docs/moving-centrifugo.test.ts -->';
const end = '<!-- end of options -->';

test('the page lists every option with what becomes of it', async () => {
  const rows = Object.entries(answers).map(([key, answer]) => `| \`${key.replace(/\.$/, '.*')}\` | ${said(answer)} |`);
  const table = ['| Centrifugo 6 | Fanfare |', '|---|---|', ...rows].join('\n');
  await expectSection('docs/moving/centrifugo.md', begin, end, table);
});

function said(answer: Answer): string {
  if ('to' in answer) return `\`${answer.to}\`${answer.note === undefined ? '' : `, ${answer.note}`}`;
  if ('with' in answer) return answer.about;
  if ('needless' in answer) return `not needed: ${answer.needless}`;
  return `**refused**: ${answer.refused}`;
}
