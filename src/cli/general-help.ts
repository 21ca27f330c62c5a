/** What there is, in short. */

import type { CommandEntry } from './command.js';
import type { Terminal } from './terminal.js';

export function generalHelp(commands: Readonly<Record<string, CommandEntry>>, paint: Terminal['style']): string[] {
  return [
    `${paint('bold', 'fanfare')} [command] [flags]`,
    '',
    'The realtime server.',
    '',
    ...Object.entries(commands).map(([name, { summary }]) => `  ${paint('cyan', name.padEnd(10))} ${summary}`),
    '',
    'fanfare <command> --help tells more about a command; fanfare --version is the version.',
  ];
}
