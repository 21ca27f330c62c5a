/** Finds the command of a command line, parses its flags, and runs it or shows its help. */

import { closest } from '../model/closest.js';
import { version } from '../server/version.js';
import { type Command, type CommandContext, type CommandEntry, exitCodes, flagIsOn, UsageError } from './command.js';

const commands: Readonly<Record<string, CommandEntry>> = {
  serve: {
    summary: 'Run the server by its configuration (the default command)',
    load: async () => (await import('./serve.js')).serve,
  },
  dev: {
    summary: 'Run the server in development mode: open, on this machine only',
    load: async () => (await import('./dev.js')).dev,
  },
  check: {
    summary: 'Explain the effective configuration, without running it',
    load: async () => (await import('./check.js')).check,
  },
  migrate: {
    summary: 'Translate the configuration of Centrifugo',
    load: async () => (await import('./migrate.js')).migrate,
  },
  spec: {
    summary: 'Print the channels and their messages as an AsyncAPI document',
    load: async () => (await import('./spec.js')).spec,
  },
  plan: {
    summary: 'Calculate how many machines a load needs',
    load: async () => (await import('./plan.js')).plan,
  },
  load: {
    summary: 'Make a load on a server, and measure how it bears it',
    load: async () => (await import('./load.js')).load,
  },
  doctor: {
    summary: 'Find out why clients cannot reach a server, and what to change',
    load: async () => (await import('./doctor.js')).doctor,
  },
  token: {
    summary: 'Make a token for a client',
    load: async () => (await import('./token.js')).token,
  },
  publish: {
    summary: 'Publish a message to a channel',
    load: async () => (await import('./publish.js')).publish,
  },
  subscribe: {
    summary: 'Print what is published to a channel',
    load: async () => (await import('./subscribe.js')).subscribe,
  },
};

/** Runs a command line, or explains what is wrong with it. @returns the exit code */
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
  const isGeneral = first === '--help' || first === '-h' || (first === 'help' && rest.length === 0);
  if (isGeneral) return print(generalHelp(terminal.style));
  const [name, flags] = splitName(first === 'help' ? [...rest, '--help'] : args);
  const [command, { parseCommandLine }, { commandHelp }] = await Promise.all([
    find(name),
    import('./arguments.js'),
    import('./help.js'),
  ]);
  const parsed = parseCommandLine(command, flags);
  if (flagIsOn(parsed, 'help')) return print(commandHelp(command, terminal.style));
  return command.run(parsed, context);
}

function generalHelp(paint: CommandContext['terminal']['style']): string[] {
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

/** Without a name, the command is `serve`. */
function splitName(args: readonly string[]): [name: string, flags: readonly string[]] {
  const [first = ''] = args;
  return first === '' || first.startsWith('-') ? ['serve', args] : [first, args.slice(1)];
}

/** @throws UsageError */
function find(name: string): Promise<Command> {
  const found = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (found !== undefined) return found.load();
  const names = Object.keys(commands);
  const meant = closest(name, names);
  throw new UsageError(
    `unknown command "${name}"; ${meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}?`}`,
  );
}
