/** The option table as the Markdown section of docs/operations/configuration.md. */

import { environmentName, flagName } from '../../src/config/layers.js';
import { formatValue, optionAt, optionPaths } from '../../src/config/options.js';

export function optionsReference(): string {
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
