/** What a command of the terminal is: declared with its flags, run with what was parsed. */

import type { OptionPath } from '../config/options.js';
import type { Terminal } from './terminal.js';

export interface Flag {
  readonly about: string;
  /** Placeholder of the value in help. Absent: a switch. */
  readonly value?: string;
  /** May be given several times. */
  readonly repeatable?: true;
  /** One letter. */
  readonly short?: string;
}

/** The command line, checked against the declared flags. */
export interface ParsedArguments {
  readonly positionals: readonly string[];
  /** Values by name, in order; of a switch, `true` or `false`. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  /** Flags that are options of the configuration. */
  readonly options: ReadonlyMap<OptionPath, string>;
}

/** What a command may know of the process it runs in. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  /** How this program was called, for hints that can be copied: `npx fanfare`. */
  readonly program: string;
}

export interface Command {
  readonly name: string;
  /** What stands after the name: `<channel> <json>`. */
  readonly usage: string;
  readonly about: readonly string[];
  readonly flags: Readonly<Record<string, Flag>>;
  /** How many arguments there are beside the flags. */
  readonly positionals: { readonly min: number; readonly max: number };
  /** Whether its help lists all options; others take them too and only say so. */
  readonly listsOptions: boolean;
  /** @returns the exit code */
  run(parsed: ParsedArguments, context: CommandContext): Promise<number>;
}

/** What the general help says of a command, whose code is only read when it is called. */
export interface CommandEntry {
  /** One line. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/** A wrong command line; its message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The last value of a flag. */
export function flagText(parsed: ParsedArguments, name: string): string | undefined {
  return parsed.flags.get(name)?.at(-1);
}

export function flagIsOn(parsed: ParsedArguments, name: string): boolean {
  return flagText(parsed, name) === 'true';
}
