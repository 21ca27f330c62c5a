/** Finds and reads the configuration file: `fanfare.config.ts`, `.js`, `.mjs`, `fanfare.json`, `.yaml` or `.yml`. */

import { existsSync, statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { YAMLParseError } from 'yaml';
import { readTextFile } from './bounded-file.js';
import { optionPaths } from './options.js';

interface ConfigFile {
  readonly path: string;
  /** Outside data. */
  readonly content: unknown;
  readonly othersMayRead: boolean;
}

type ConfigFileOutcome =
  | { readonly ok: true; readonly file: ConfigFile | undefined }
  | { readonly ok: false; readonly where: string; readonly message: string };

const names = [
  'fanfare.config.ts',
  'fanfare.config.mts',
  'fanfare.config.js',
  'fanfare.config.mjs',
  'fanfare.json',
  'fanfare.yaml',
  'fanfare.yml',
];
/** Loaded with the first file that needs it: most of what the start without one would take. */
const yaml = () => import('yaml');
const maxFileBytes = 1_048_576;

/** @param path the requested file; absent: the one in `folder`, if there is one */
export async function readConfigFile(folder: string, path: string | undefined): Promise<ConfigFileOutcome> {
  const found = path === undefined ? names.filter((name) => existsSync(join(folder, name))) : [path];
  const [first] = found;
  if (first === undefined) return { ok: true, file: undefined };
  if (found.length > 1) {
    return {
      ok: false,
      where: folder,
      message: `has several configuration files (${found.join(', ')}); keep one, or name it with --config`,
    };
  }
  const full = resolve(folder, first);
  const where = path ?? basename(full);
  const read = readTextFile(full, maxFileBytes);
  if (!read.ok) return { ok: false, where, message: read.message };
  const parsed = await parse(full, read.text);
  if (!parsed.ok) return { ok: false, where, message: parsed.message };
  return { ok: true, file: { path: full, content: parsed.content, othersMayRead: read.othersMayRead } };
}

type ParseOutcome = { readonly ok: true; readonly content: unknown } | { readonly ok: false; readonly message: string };

async function parse(path: string, text: string): Promise<ParseOutcome> {
  switch (extname(path)) {
    case '.json':
      return parseJson(text);
    case '.yaml':
    case '.yml':
      return parseYaml(text);
    case '.ts':
    case '.mts':
    case '.js':
    case '.mjs':
      return importModule(path);
    default:
      return {
        ok: false,
        message: 'is not a configuration file, which ends with .ts, .mts, .js, .mjs, .json, .yaml or .yml',
      };
  }
}

async function parseJson(text: string): Promise<ParseOutcome> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return { ok: false, message: `is not JSON: ${withoutCitation(messageOf(error))}` };
  }
  // JSON.parse keeps the last of two equal keys; the YAML parser, which also reads JSON, reports them.
  const { parseDocument } = await yaml();
  const duplicate = parseDocument(text).errors.find(({ code }) => code === 'DUPLICATE_KEY');
  return duplicate === undefined ? { ok: true, content } : { ok: false, message: describe(duplicate, text) };
}

/** What is wrong, without what stands there, and a hint for the most common mistakes. */
function describe({ code, message, pos }: YAMLParseError, text: string): string {
  return withoutCitation(message) + (code === 'DUPLICATE_KEY' ? keyAt(text, pos[0]) : remedyOf(code));
}

/** The key that is there twice, where it is one of the options: others may be anything, secrets, too. */
function keyAt(text: string, offset: number): string {
  const key = /^["']?(\w+)/.exec(text.slice(offset, offset + 80))?.[1];
  const isKnown = optionPaths.some((path) => path.split('.').includes(key ?? ''));
  return isKnown ? ` (${key} is there twice)` : '';
}

function remedyOf(code: string): string {
  if (code === 'BAD_INDENT') return '; what belongs together has the same number of spaces before it';
  if (code === 'TAB_AS_INDENT') return '; use spaces';
  if (code === 'MISSING_CHAR') return '; patterns with braces stand in quotes, as "chat:{room}"';
  return '';
}

async function parseYaml(text: string): Promise<ParseOutcome> {
  const { isAlias, parseDocument, visit } = await yaml();
  const document = parseDocument(text, { version: '1.2', logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) return { ok: false, message: `is not YAML: ${describe(error, text)}` };
  let hasAlias = false;
  visit(document, (_, node) => {
    hasAlias ||= isAlias(node);
  });
  // Nested aliases could make a small file huge.
  if (hasAlias) return { ok: false, message: 'has an alias (*name); write the value out' };
  return { ok: true, content: document.toJS() };
}

/** Node strips types by itself from 22.18 on; before that, jiti does. A reload must not get the cached module. */
async function importModule(path: string): Promise<ParseOutcome> {
  try {
    const module: unknown = await (needsHelp(path) ? importTypeScript(path) : importFresh(path));
    if (typeof module === 'object' && module !== null && 'default' in module) {
      return { ok: true, content: module.default };
    }
    return { ok: false, message: 'has no default export' };
  } catch (error) {
    return { ok: false, message: `cannot be loaded: ${firstLine(messageOf(error))}` };
  }
}

function needsHelp(path: string): boolean {
  return path.endsWith('ts') && !('typescript' in process.features && process.features.typescript);
}

async function importTypeScript(path: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url, { fsCache: false, moduleCache: false }).import(path);
}

/** The same URL would return the cached module, so the time of the last change is added to it. */
function importFresh(path: string): Promise<unknown> {
  const url = pathToFileURL(path);
  url.searchParams.set('changed', String(statSync(path).mtimeMs));
  return import(url.href);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]?.replace(/:$/, '') ?? '';
}

/** Parsers cite the text around a mistake, which can be a secret. */
function withoutCitation(message: string): string {
  return firstLine(message).replace(/[,:] (\.\.\.)?".*$/, '');
}
