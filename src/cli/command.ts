/** A command of the terminal: its declared flags, and its code. */

import type { OptionPath } from '../config/options.js';
import type { Terminal } from './terminal.js';

export interface Flag {
  readonly about: string;
  /** Placeholder of the value in help; absent for a switch. */
  readonly value?: string;
  /** May be given several times. */
  readonly repeatable?: true;
  /** One letter. */
  readonly short?: string;
}

/** The command line, checked against the declared flags. */
export interface ParsedArguments {
  readonly positionals: readonly string[];
  /** Values by name, in order; `true` or `false` for a switch. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  /** Flags that are options of the configuration. */
  readonly options: ReadonlyMap<OptionPath, string>;
}

/** The parts of the process that a command may use. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  /** How this program was called, for hints that can be copied: `npx fanfare`. */
  readonly program: string;
}

export interface Command {
  readonly name: string;
  /** The arguments after the name: `<channel> <json>`. */
  readonly usage: string;
  readonly about: readonly string[];
  readonly flags: Readonly<Record<string, Flag>>;
  /** The number of arguments besides flags. Default: none. */
  readonly positionals?: { readonly min: number; readonly max: number };
  /** Whether its help lists all options; other commands accept them too, and only say so. */
  readonly listsOptions: boolean;
  /** @returns the exit code */
  run(parsed: ParsedArguments, context: CommandContext): Promise<number>;
}

/** A command in the general help; its code is loaded only when it is called. */
export interface CommandEntry {
  /** One line. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/** Reports why a command has failed. @returns the exit code */
export function failed({ err, styleErr }: Terminal, reason: string): number {
  err(`${styleErr('red', 'error')} ${reason}`);
  return exitCodes.failed;
}

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
