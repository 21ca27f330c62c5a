/** Reads a configuration file of Centrifugo: JSON, YAML or TOML, by its name. */

import { resolve } from 'node:path';
import { parse as parseToml, TomlError } from 'smol-toml';
import { parseDocument } from 'yaml';
import { readTextFile } from '../../config/bounded-file.js';
import { UsageError } from '../command.js';
import { type Fields, isFields } from './values.js';

/** @throws UsageError, with the place in the file where there is one */
export function readCentrifugoFile(folder: string, path: string): Fields {
  const read = readTextFile(resolve(folder, path), 1_048_576);
  if (!read.ok) throw new UsageError(`${path} ${read.message}`);
  const content = parse(path, read.text);
  if (!isFields(content)) throw new UsageError(`${path} holds no options`);
  return content;
}

function parse(path: string, text: string): unknown {
  if (path.endsWith('.toml')) return parsed(path, () => parseToml(text));
  // JSON is YAML, too.
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) throw new UsageError(`${path}: ${error.message}`);
  return parsed(path, () => document.toJS({ maxAliasCount: 100 }));
}

function parsed(path: string, run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (error instanceof TomlError || error instanceof ReferenceError)
      throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}
