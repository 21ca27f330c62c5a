/** docs/operations/configuration.md says of each option what the table says. `vitest run test/config -u` rewrites it. */

import { expect, test } from 'vitest';
import { environmentName, flagName } from '../../src/config/layers.js';
import { formatValue, optionAt, optionPaths } from '../../src/config/options.js';
import { expectSection } from '../docs/page.js';

const begin = '<!-- options: written by test/config/reference-page.test.ts -->';
const end = '<!-- end of options -->';

test('the reference page lists every option with kind, default, effect of 0, flag and environment variable', async () => {
  const reference = optionsReference();
  for (const path of optionPaths) expect(reference).toContain(`### ${path}\n`);
  await expectSection('docs/operations/configuration.md', begin, end, reference);
});

/** The option table in Markdown. */
function optionsReference(): string {
  const sections = optionPaths.map((path) => {
    const { kind, about, zero, reload, default: fallback } = optionAt(path);
    const flag = `--${flagName(path)}${kind.isSwitch ? `\` or \`--no-${flagName(path)}` : ''}`;
    const facts = [
      `- kind: ${kind.name}`,
      `- default: ${formatValue(path, fallback)}`,
      ...(zero === undefined ? [] : [`- 0: ${zero}`]),
      `- flag \`${flag}\`, environment \`${environmentName(path)}\``,
      `- changes on SIGHUP: ${reload === undefined ? 'no, restart' : reload === true ? 'yes' : 'yes, for connections to come'}`,
    ];
    return [`### ${path}`, '', about, '', ...facts].join('\n');
  });
  return sections.join('\n\n');
}
