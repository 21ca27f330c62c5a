#!/usr/bin/env node
/** The `fanfare` command: finds the command, parses its line, runs it and turns the outcome into an exit code. */

import { basename, relative } from 'node:path';
import { closest } from '../config/suggest.js';
import { version } from '../server/version.js';
import { parseCommandLine } from './arguments.js';
import { check } from './check.js';
import { type Command, type CommandContext, exitCodes, flagIsOn, UsageError } from './command.js';
import { dev } from './dev.js';
import { commandHelp, generalHelp } from './help.js';
import { publish } from './publish.js';
import { serve } from './serve.js';
import { subscribe } from './subscribe.js';
import { createTerminal } from './terminal.js';
import { token } from './token.js';

const commands: readonly Command[] = [serve, dev, check, token, publish, subscribe];

async function main(args: readonly string[], context: CommandContext): Promise<number> {
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

/** As the person has called it, so that hints can be copied. */
function programName(script: string): string {
  return basename(script) === 'main.js' ? `node ${relative(process.cwd(), script)}` : 'npx fanfare';
}

const terminal = createTerminal(process, process.env);
// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.ok);
});
try {
  const context = { terminal, env: process.env, folder: process.cwd(), program: programName(process.argv[1] ?? '') };
  process.exit(await main(process.argv.slice(2), context));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  terminal.err(`${terminal.styleErr('red', 'error')} ${error.message}`);
  terminal.err('fanfare --help tells what there is');
  process.exit(exitCodes.usage);
}
