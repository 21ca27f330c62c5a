/** docs/operations/load-testing.md: its tables are those of the code, and its loads are made as the page says. */

import { expect, test } from 'vitest';
import { readScenario } from '../../src/cli/load/scenario.js';
import { scenarioTable } from '../../src/cli/load/scenario-fields.js';
import { plainFigures } from '../../src/cli/load/thresholds.js';
import { flagName } from '../../src/config/layers.js';
import { Folder } from '../cli/fanfare-process.js';
import { blocksOf, expectSection, readPage } from './page.js';
import { curlIsMissing, patienceMs, Reader } from './terminals.js';

const page = 'docs/operations/load-testing.md';
/** Servers and tools that have to be installed by hand. */
const byHand = ['centrifugo', 'k6', 'artillery', 'jvm'];

test('the page has every field of a scenario', async () => {
  const rows = scenarioTable.paths.map((path) => {
    const { kind, about, default: usual, unset, zero } = scenarioTable.at(path);
    const given = unset ?? kind.format(usual as NonNullable<unknown>);
    const shown = unset === undefined && given !== '' ? `\`${given}\`` : given === '' ? 'none' : given;
    return `| \`${path}\` | ${about}${zero === undefined ? '' : ` 0: ${zero}`} | ${shown} |`;
  });
  const table = ['| field | meaning | default |', '|---|---|---|', ...rows].join('\n');
  await expectSection(
    page,
    '<!-- scenario: written by test/docs/load-testing.test.ts -->',
    '<!-- end of scenario -->',
    table,
  );
});

test('the page has every figure', () => {
  const rows = Object.entries(plainFigures).map(([name, about]) => `| \`${name}\` | ${about} |`);
  expect(readPage(page)).toContain(['| figure | meaning |', '|---|---|', ...rows, ''].join('\n'));
});

test('its scenarios are accepted', async () => {
  const scenarios = blocksOf(readPage(page)).filter(({ label }) => /^(?!fanfare)\w+\.yaml$/.test(label));
  expect(scenarios.length).toBeGreaterThan(0);
  for (const { label, text } of scenarios) {
    using folder = new Folder({ [label]: text });
    expect(await readScenario({ folder: folder.path, file: label, flags: new Map() })).toMatchObject({ ok: true });
  }
});

test('a flag is a field with dashes', () => expect(flagName('publish.rate')).toBe('publish-rate'));

test.skipIf(curlIsMissing())('its loads are made, and end as it says', { timeout: patienceMs }, async () => {
  await using reader = await Reader.start();
  await reader.follow(page, { leaveOut: byHand });
});
