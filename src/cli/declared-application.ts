/** Finds the application that a user's module exports, for commands that inspect it without running it. */

import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AsyncApiDocument } from '../asyncapi/document.js';
import type { SchemaConverter } from '../asyncapi/json-schema.js';
import type { SpecOptions } from '../asyncapi/options.js';
import type { ChannelDeclaration } from '../engine/channels/channel-options.js';
import { fanfare } from '../server/fanfare.js';
import { UsageError } from './command.js';

/** The needed part of an application, as the module may have another copy of this package. */
interface Described {
  spec(options: SpecOptions): AsyncApiDocument;
  close?(deadlineMs?: number): Promise<void>;
}

/** Names that are tried if none is given. */
const usualNames = ['app', 'default', 'channels'];

/**
 * @param reference `./app.ts`, or `./app.ts#name` for one export: an application, its channels, or a function that
 *   returns one of them
 * @throws UsageError when there is none
 */
export async function declaredApplication(
  reference: string,
  folder: string,
): Promise<{ readonly app: Described; readonly convert: SchemaConverter }> {
  const hash = reference.lastIndexOf('#');
  const file = hash === -1 ? reference : reference.slice(0, hash);
  const path = resolve(folder, file);
  const names = hash === -1 ? usualNames : [reference.slice(hash + 1)];
  const exported = await load(path);
  const name = names.find((one) => exported[one] !== undefined);
  if (name === undefined) {
    const there = Object.keys(exported).join(', ') || 'nothing';
    throw new UsageError(`${file} exports no ${names.join(', ')}; it exports ${there}. Name one: ${file}#name`);
  }
  const value: unknown = exported[name];
  const made: unknown = typeof value === 'function' ? await value() : value;
  const app = isDescribed(made) ? made : isChannels(made) ? fanfare({ channels: made }) : undefined;
  if (app === undefined) {
    throw new UsageError(`${file}#${name} is neither an application made by fanfare() nor an object of channels`);
  }
  return { app, convert: await converterBeside(path) };
}

/** Uses jiti even if Node strips types, since only jiti finds `./channels.ts` for `./channels.js`. */
async function load(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    if (!/\.[cm]?tsx?$/.test(path)) return await import(pathToFileURL(path).href);
    const { createJiti } = await import('jiti');
    return await createJiti(import.meta.url, { fsCache: false, interopDefault: false }).import(path);
  } catch (cause) {
    throw new UsageError(`${path} cannot be loaded: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

function isDescribed(value: unknown): value is Described {
  return typeof value === 'object' && value !== null && 'spec' in value && typeof value.spec === 'function';
}

function isChannels(value: unknown): value is Readonly<Record<string, ChannelDeclaration>> {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((one) => typeof one === 'object' && one !== null && 'options' in one);
}

/** valibot's JSON Schema is in a separate package, which is used if the application has it. */
async function converterBeside(path: string): Promise<SchemaConverter> {
  const { resolve: find } = createRequire(path);
  let found: string;
  try {
    found = find('@valibot/to-json-schema');
  } catch {
    // Not installed: valibot's schemas are reported as unknown, with this package's name.
    return () => undefined;
  }
  // safe: the package's documented function; its results are checked where they are used
  const { toStandardJsonSchema } = (await import(pathToFileURL(found).href)) as {
    readonly toStandardJsonSchema: SchemaConverter;
  };
  return (schema) => (schema['~standard'].vendor === 'valibot' ? toStandardJsonSchema(schema) : undefined);
}
