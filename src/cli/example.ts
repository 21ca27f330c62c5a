/** The examples of this build, and what `fanfare dev --example` takes from one. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ChannelDeclaration } from '../engine/channels/channel-options.js';
import type { ChannelSchemas, ProcedureTable } from '../engine/channels/channel-types.js';
import type { Logger } from '../engine/ports/logger.js';
import type { HttpEndpoint } from '../http/endpoint.js';
import { closest } from '../model/closest.js';
import type { FanfareApp } from '../server/app.js';
import type { OwnParts } from '../server/from-config.js';
import { staticEndpoints } from '../server/static-files.js';
import { UsageError } from './command.js';

/** What an example is told before there is a server. */
export interface ExampleOptions {
  /** HMAC secret (HS256) of the tokens that the server accepts. */
  readonly tokenSecret: string;
}

/** The server that an example works beside. */
export interface ExampleHost {
  readonly app: FanfareApp<ChannelSchemas, ProcedureTable>;
  /** Where its page and its clients are, without a slash at the end. */
  readonly url: string;
  /** The HTTP API: its address, and a key for it. */
  readonly api: { readonly url: string; readonly key: string };
  readonly log: Logger;
  /** Aborted when the server begins to close: nothing can be published any more. */
  readonly signal: AbortSignal;
}

/** A line for the terminal: a label, and what to try. */
export type ExampleNote = readonly [label: string, text: string];

/** What `example()` of an example's `app.ts` returns. */
export interface Example extends OwnParts {
  readonly channels: Readonly<Record<string, ChannelDeclaration>>;
  /** Begins what the example does by itself, such as a feed or a game. Called once, when the server listens. */
  start?(host: ExampleHost): Promise<readonly ExampleNote[]>;
}

/** A row of examples/examples.mjs. */
interface ExampleEntry {
  readonly name: string;
  readonly title: string;
  readonly about: string;
}

const folderOf = (name: string) => new URL(`../${name}/`, import.meta.url);

/** In the order of the list; none in a build without them. */
export function exampleTable(): readonly ExampleEntry[] {
  const table = new URL('table.json', folderOf('examples'));
  if (!existsSync(table)) return [];
  // safe: part of this build, written from the table in the sources
  return JSON.parse(readFileSync(table, 'utf8')) as readonly ExampleEntry[];
}

/** Its page at `/`, and the list of all at `/examples/`. */
export function examplePages(name: string): HttpEndpoint[] {
  const pages = (folder: string, prefix: string) => {
    const path = fileURLToPath(folderOf(folder));
    return existsSync(path) ? staticEndpoints(path, prefix) : [];
  };
  return [...pages(`examples-${name}`, '/'), ...pages('examples', '/examples/')];
}

/**
 * @returns `undefined` if it is not part of this build
 * @throws UsageError for a name that is not in the table
 */
export async function loadExample(name: string, options: ExampleOptions): Promise<Example | undefined> {
  const table = exampleTable();
  if (table.length > 0 && !table.some((entry) => entry.name === name)) {
    const names = table.map((entry) => entry.name);
    const meant = closest(name, names);
    const hint = meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}?`;
    throw new UsageError(`--example: there is no "${name}"; ${hint}`);
  }
  const module = new URL('app.mjs', folderOf(`examples-${name}`));
  if (!existsSync(module)) return undefined;
  // safe: part of this build, compiled against these types
  const { example } = (await import(module.href)) as { example(options: ExampleOptions): Example };
  return example(options);
}
