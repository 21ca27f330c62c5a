// @ts-check
/** Reads the command line strictly: what is not known is an error. */

import { parseArgs } from 'node:util';
import { brokers, hosts, kinds } from './choices.js';

/** `ERR_USAGE`: the command line; `ERR_FOLDER`: the folder has something in it, or cannot be written to. */
export class CreateError extends Error {
  /**
   * @param {'ERR_USAGE' | 'ERR_FOLDER'} code
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = 'CreateError';
    this.code = code;
  }
}

const options = /** @type {const} */ ({
  kind: { type: 'string' },
  host: { type: 'string' },
  broker: { type: 'string' },
  redis: { type: 'boolean' },
  fanfare: { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
  help: { type: 'boolean', short: 'h' },
});

/**
 * @param {readonly string[]} args
 * @throws {CreateError} `ERR_USAGE`
 */
export function readArguments(args) {
  const { values, positionals } = parse(args);
  const [folder, extra] = positionals;
  if (extra !== undefined) throw new CreateError('ERR_USAGE', `unexpected argument "${extra}"`);
  if (values.redis === true && values.broker === 'memory') {
    throw new CreateError('ERR_USAGE', '--redis and --broker memory exclude each other');
  }
  const kind = oneOf('kind', kinds, values.kind);
  const host = oneOf('host', hosts, values.host);
  const broker = oneOf('broker', brokers, values.redis === true ? 'redis' : values.broker);
  return {
    isHelp: values.help === true,
    isYes: values.yes === true,
    choices: {
      ...(folder !== undefined && { folder }),
      ...(kind !== undefined && { kind }),
      ...(host !== undefined && { host }),
      ...(broker !== undefined && { broker }),
    },
    fanfare: values.fanfare,
  };
}

/** @param {readonly string[]} args */
function parse(args) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new CreateError('ERR_USAGE', error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/**
 * @template {string} Value
 * @param {string} name
 * @param {readonly Value[]} values
 * @param {string | undefined} given
 * @returns {Value | undefined}
 */
function oneOf(name, values, given) {
  if (given === undefined) return undefined;
  const found = values.find((value) => value === given);
  if (found === undefined) throw new CreateError('ERR_USAGE', `--${name} "${given}": there are ${values.join(', ')}`);
  return found;
}
