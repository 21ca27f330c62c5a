/** Finds the command of a command line, parses its flags, and runs it or shows its help. */

import { closest } from '../model/closest.js';
import { version } from '../server/version.js';
import { parseCommandLine } from './arguments.js';
import { check } from './check.js';
import { type Command, type CommandContext, exitCodes, flagIsOn, UsageError } from './command.js';
import { dev } from './dev.js';
import { commandHelp, generalHelp } from './help.js';
import { migrate } from './migrate.js';
import { plan } from './plan.js';
import { publish } from './publish.js';
import { serve } from './serve.js';
import { spec } from './spec.js';
import { subscribe } from './subscribe.js';
import { token } from './token.js';

const commands: readonly Command[] = [serve, dev, check, migrate, spec, plan, token, publish, subscribe];

/** Runs a command line. Wrong ones are explained. @returns the exit code */
export async function runCommandLine(args: readonly string[], context: CommandContext): Promise<number> {
  const { terminal } = context;
  try {
    return await dispatch(args, context);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.err(`${terminal.styleErr('red', 'error')} ${error.message}`);
    terminal.err('fanfare --help tells what there is');
    return exitCodes.usage;
  }
}

/** @throws UsageError */
async function dispatch(args: readonly string[], context: CommandContext): Promise<number> {
  const { terminal } = context;
  const print = (lines: readonly string[]) => {
    for (const line of lines) terminal.out(line);
    return exitCodes.ok;
  };
  const [first = '', ...rest] = args;
  if (first === '--version' || first === '-v') return print([version]);
  if (first === 'help' && rest.length > 0) return print(commandHelp(find(rest[0] ?? ''), terminal.style));
  if (first === 'help' || first === '--help' || first === '-h') return print(generalHelp(commands, terminal.style));
  const isNamed = first !== '' && !first.startsWith('-');
  const command = isNamed ? find(first) : serve;
  const parsed = parseCommandLine(command, isNamed ? rest : args);
  if (flagIsOn(parsed, 'help')) return print(commandHelp(command, terminal.style));
  return command.run(parsed, context);
}

/** @throws UsageError */
function find(name: string): Command {
  const command = commands.find((known) => known.name === name);
  if (command !== undefined) return command;
  const names = commands.map((known) => known.name);
  const meant = closest(name, names);
  throw new UsageError(
    `unknown command "${name}"; ${meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}?`}`,
  );
}
