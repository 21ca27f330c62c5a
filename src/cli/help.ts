/** The help of one command, made from the commands and the table of options. */

import { environmentName, flagName } from '../config/layers.js';
import { formatValue, type OptionPath, optionAt, optionPaths } from '../config/options.js';
import { commonFlags } from './arguments.js';
import type { Command, Flag } from './command.js';
import type { Terminal } from './terminal.js';

type Paint = Terminal['style'];

export function commandHelp(command: Command, paint: Paint): string[] {
  const { name, usage, about, flags, listsOptions } = command;
  return [
    `${paint('bold', `fanfare ${name}`)} ${usage}`,
    '',
    ...about,
    '',
    'Flags:',
    ...Object.entries({ ...flags, ...commonFlags }).flatMap(([flag, declared]) => flagHelp(flag, declared, paint)),
    '',
    ...(listsOptions
      ? [
          'Options, by flag, environment variable or configuration file (flags win, then the environment):',
          ...optionPaths.flatMap((path) => optionHelp(path, paint)),
        ]
      : ['It takes the flags of all options too; fanfare serve --help lists them.']),
  ];
}

function flagHelp(name: string, { about, value, short, repeatable }: Flag, paint: Paint): string[] {
  const left = `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` <${value}>`}`;
  return [`  ${paint('cyan', left)}`, `      ${about}${repeatable ? ' May be given several times.' : ''}`];
}

function optionHelp(path: OptionPath, paint: Paint): string[] {
  const { kind, about, zero } = optionAt(path);
  const value = kind.isSwitch ? '' : ` <${kind.name}>`;
  return [
    `  ${paint('cyan', `--${flagName(path)}`)}${value}`,
    `      ${about}`,
    ...(zero === undefined ? [] : [`      0: ${zero}`]),
    paint('dim', `      default: ${formatValue(path, optionAt(path).default)} · ${environmentName(path)} · ${path}`),
  ];
}
