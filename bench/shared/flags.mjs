// @ts-check
/** The common parts of the benchmarks' command lines. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** An invalid flag, or a plan that this machine cannot run; the message names it. */
export class UsageError extends Error {}

/**
 * Throws a `UsageError`.
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} T
 * @param {string[]} argv
 * @param {T} options of `parseArgs`
 */
export function parseFlags(argv, options) {
  try {
    return parseArgs({ args: argv, options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/**
 * The listed names in the order of `all`; all of them without the flag. Throws a `UsageError`.
 * @template {string} T
 * @param {string} flag
 * @param {string | undefined} list
 * @param {readonly T[]} all
 * @returns {T[]}
 */
export function chosen(flag, list, all) {
  if (list === undefined) return [...all];
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !all.some((known) => known === name));
  if (unknown !== undefined) throw new UsageError(`--${flag}: ${unknown} is not one of ${all.join(', ')}`);
  return all.filter((name) => names.includes(name));
}

/**
 * Throws a `UsageError`.
 * @param {string} flag
 * @param {string | undefined} text
 * @param {number} otherwise
 */
export function count(flag, text, otherwise, least = 1) {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new UsageError(`--${flag}: ${text} is not a whole number from ${least}`);
}

/**
 * Throws a `UsageError`.
 * @param {string | undefined} name of the files that a run writes
 * @param {string} otherwise
 */
export function resultName(name, otherwise) {
  if (name === undefined) return otherwise;
  if (/^[\w.-]+$/.test(name)) return name;
  throw new UsageError('--name takes letters, digits, dots, dashes and underscores');
}

/** Throws a `UsageError`. */
export function checkBuilt(otherwise = '') {
  if (existsSync(new URL('../../dist/index.js', import.meta.url))) return;
  throw new UsageError(`Fanfare is not built: run npm run build first${otherwise}`);
}

/**
 * A benchmark as a command: its exit status is what `run` resolves with, and 1 when it throws.
 * @template T
 * @param {object} command
 * @param {string} command.help
 * @param {(argv: string[]) => T} command.read
 * @param {(flags: T) => Promise<number>} command.run
 */
export async function runCommand({ help, read, run }) {
  const argv = process.argv.slice(2);
  try {
    if (argv.includes('--help')) console.log(help);
    else process.exitCode = await run(read(argv));
  } catch (error) {
    console.error(error instanceof UsageError ? `${error.message} (--help explains the flags)` : error);
    process.exitCode = 1;
  }
}
